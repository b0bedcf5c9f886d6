"""The labelling page in a real Chromium, over a real server: the ordinary work of an annotator."""

from __future__ import annotations

import math
import re

import pytest

from querist.core.questions import Choice, Choices, Number

from .conftest import text, wait_for

pytestmark = pytest.mark.browser


@pytest.fixture
def annotate(browser):
    """Open the page as somebody: annotate(running, "ann", width=360); it fails on script errors."""
    contexts, errors = [], []

    def start(running, by="ann", *, base="", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{running.url}{base}/?token={running.token}&by={by}")
        page.wait_for_selector("#item > *")
        return page

    yield start
    for context in contexts:
        context.close()
    assert errors == []


def number_of(page):
    """The number of the mail on the screen."""
    words = page.locator("#item .text").inner_text(timeout=5000)
    found = re.search(r"number (\d+)", words)
    assert found, words
    return int(found[1])


def saved(page):
    """Wait until the server has confirmed everything."""
    page.wait_for_function("document.getElementById('unsaved').hidden")


def labels_of(client):
    return {row["id"]: row["value"] for row in client.get("labels").json()["labels"]}


def test_fifty_items_by_keyboard(annotate, make_folder, server):
    running = server(make_folder(n=80, batch=60, control=0.0))
    page = annotate(running)
    said = {}
    for _ in range(50):
        k = number_of(page)
        key = "1" if k % 3 == 0 else "2"
        said[f"m{k}"] = "spam" if key == "1" else "ham"
        page.keyboard.press(key)
        page.wait_for_function(
            "k => !document.querySelector('#item').textContent.includes('number ' + k + ' ')"
            " && !document.querySelector('#item').textContent.endsWith('number ' + k)",
            arg=k,
        )
    saved(page)
    assert len(said) == 50
    assert labels_of(running.client()) == said
    assert page.locator("#pace").inner_text().startswith("50 today")


def test_accept_reject_skip_and_what_they_send(annotate, make_folder, server):
    running = server(make_folder(n=30, batch=20, control=0.0))
    page = annotate(running)
    first = number_of(page)
    page.keyboard.press("a")  # two labels: the first is the affirmative one
    second = number_of(page)
    page.keyboard.press("x")
    third = number_of(page)
    page.keyboard.press("Space")
    assert number_of(page) not in (first, second, third)
    saved(page)
    client = running.client()
    assert labels_of(client) == {f"m{first}": "spam", f"m{second}": "ham"}
    vote = client.get(f"why/m{first}").json()["votes"][0]
    assert vote["by"] == "ann" and 0 <= vote["seconds"] < 60
    assert client.get(f"why/m{third}").json()["skips"][0]["reason"] == ""


def test_skip_with_a_reason(annotate, make_folder, server):
    running = server(make_folder(n=30, batch=20, control=0.0))
    page = annotate(running)
    chosen = number_of(page)
    page.keyboard.press("s")
    page.keyboard.press("2")
    typed = number_of(page)
    page.keyboard.press("s")
    page.keyboard.type("half of it is missing")
    page.keyboard.press("Enter")
    assert number_of(page) not in (chosen, typed)
    saved(page)
    client = running.client()
    assert client.get(f"why/m{chosen}").json()["skips"][0]["reason"] == "No label fits"
    assert client.get(f"why/m{typed}").json()["skips"][0]["reason"] == "half of it is missing"


def test_several_labels_and_enter(annotate, make_folder, server):
    running = server(make_folder(question=Choices(["news", "sport", "art"]), batch=20, control=0.0))
    page = annotate(running)
    first = number_of(page)
    page.keyboard.press("3")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("2")  # a second press takes it out
    assert number_of(page) == first
    page.keyboard.press("Enter")
    second = number_of(page)
    page.keyboard.press("Enter")
    saved(page)
    assert labels_of(running.client()) == {f"m{first}": ["news", "art"], f"m{second}": []}


def test_a_number_within_its_bounds(annotate, make_folder, server):
    running = server(make_folder(question=Number(0, 10), batch=20, control=0.0))
    page = annotate(running)
    first = number_of(page)
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    assert number_of(page) == first
    assert "highest allowed number is 10" in page.locator("#number-error").inner_text()
    page.keyboard.press("Backspace")
    page.keyboard.type(".5")
    page.keyboard.press("Enter")
    assert number_of(page) != first
    assert page.locator("#number").input_value() == ""
    saved(page)
    assert labels_of(running.client()) == {f"m{first}": 1.5}


def test_sixty_labels_are_searched(annotate, make_folder, server):
    names = [f"{kind} {k}" for k in range(15) for kind in ("card", "café", "fee", "transfer")]
    running = server(make_folder(question=Choice(names), batch=20, control=0.0))
    page = annotate(running)
    first = number_of(page)
    assert page.locator("#labels button").count() == 60
    page.keyboard.press("/")
    page.keyboard.type("cafe 1")
    shown = page.locator("#labels button").all_inner_texts()
    assert len(shown) < 10 and all("café 1" in words for words in shown)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    second = number_of(page)
    assert second != first and page.locator("#labels button").count() == 60
    page.keyboard.press("3")
    assert number_of(page) not in (first, second)
    saved(page)
    assert labels_of(running.client()) == {f"m{first}": "café 10", f"m{second}": "fee 0"}


def test_keys_are_drawn_and_can_be_changed(annotate, make_folder, server):
    names = [f"label {k}" for k in range(14)]
    running = server(make_folder(question=Choice(names), batch=20, control=0.0))
    page = annotate(running)
    drawn = page.locator("#labels .key").all_inner_texts()
    # after the digits the letters that no action uses
    assert drawn == [*"1234567890", "q", "r", "y", "u"]
    page.keyboard.press("?")
    page.locator("[data-action=skip]").click()
    page.keyboard.press("q")
    page.locator("[data-action=undo]").click()
    page.keyboard.press("g")
    assert "is “Guidelines” already" in page.locator("#sheet .error").inner_text()
    page.get_by_role("button", name="Done").click()
    assert page.locator("#labels .key").all_inner_texts() == [*"1234567890", "r", "y", "u", "i"]
    first = number_of(page)
    page.keyboard.press("q")
    second = number_of(page)
    page.keyboard.press("r")
    saved(page)
    client = running.client()
    assert client.get(f"why/m{first}").json()["skips"]
    assert labels_of(client) == {f"m{second}": "label 10"}
    page.reload()
    page.wait_for_selector("#item .text")
    assert page.locator("[data-act=skip] .key").inner_text() == "q"


def test_markup_in_items_and_labels_is_text(annotate, tmp_path, server):
    from querist.loop.folder import create_folder

    evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    source = tmp_path / "evil.csv"
    quoted = evil.replace('"', '""')
    source.write_text("id,body\n" + "".join(f'e{k},"{quoted} {k}"\n' for k in range(20)))
    made = create_folder(
        tmp_path / "evil",
        source,
        Choice([evil, "<b>ham</b>"]),
        columns={"id": "id", "text": "body"},
        settings={"batch": 10, "seed": 0, "control": 0.0},
    )
    made.log.close()
    running = server(tmp_path / "evil")
    page = annotate(running, by="<i>me</i>")
    assert evil in page.locator("#item").inner_text()
    assert evil in page.locator("#labels").inner_text()
    page.keyboard.press("v")
    page.wait_for_selector(".cell")
    assert page.locator("#item img, #grid img, #labels img, #labels b").count() == 0
    assert page.title() == "evil"


def p95_of(page, keys):
    page.evaluate("performance.clearMeasures()")
    for k in range(1, keys + 1):
        page.keyboard.press("1")
        page.wait_for_function(
            "k => performance.getEntriesByName('querist:next').length === k", arg=k
        )
    took = page.evaluate("performance.getEntriesByName('querist:next').map(e => e.duration)")
    return sorted(took)[math.ceil(0.95 * keys) - 1]


def test_the_next_item_is_painted_at_once(annotate, make_folder, server, record_property):
    """Under 100 ms at the 95th percentile with a network 50 ms away: the item is there already."""
    running = server(make_folder(n=120, batch=100, control=0.0))
    page = annotate(running)

    def slow(route):
        page.wait_for_timeout(50)
        route.continue_()

    page.route("**/api/v1/**", slow)
    # The machine may be busy with other work: of three runs the quietest one tells of the page.
    runs = [p95_of(page, keys=30) for _ in range(3)]
    record_property("p95_ms", runs)
    print(f"key to paint, p95 of three runs of 30 keys: {[round(p95, 1) for p95 in runs]} ms")
    assert min(runs) < 100
    page.unroute("**/api/v1/**")
    wait_for(lambda: len(labels_of(running.client())) == 90)


def test_text_of_the_pool_reads_as_it_is(annotate, make_folder, server):
    running = server(make_folder())
    page = annotate(running)
    k = number_of(page)
    assert page.locator("#item .text").inner_text() == text(k)
    wide = page.evaluate(
        """() => { const box = document.querySelector('#item .text').getBoundingClientRect();
        const probe = document.createElement('span'); probe.textContent = '0'.repeat(75);
        document.querySelector('#item .text').append(probe);
        const line = probe.getBoundingClientRect().width; probe.remove();
        return box.width <= line; }"""
    )
    assert wide  # 75 characters a line at most
