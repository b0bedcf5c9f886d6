"""The labelling page as it looks: every kind of item, a phone, the grid, and whoever cannot see."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest
from PIL import Image

from querist.core.questions import Choice, Choices, Number
from querist.loop.folder import create_folder, open_folder

from .conftest import label, mails_folder, start_server
from .pagework import (
    annotate,
    come_back,
    labels_of,
    number_of,
    other_than,
    saved,
    serious,
    until,
    visit,
    why_of,
)

__all__ = ["annotate", "visit"]
pytestmark = pytest.mark.browser

MANY = 100  # enough for all who visit one campaign: each of them holds 14 items
ANIMALS = ["cat", "dog", "owl"]
SIXTY = [f"{kind} {k}" for k in range(15) for kind in ("card", "cash", "fee", "transfer")]
QUESTIONS = {
    "text": Choice(["spam", "ham"]),
    "several": Choices(["news", "sport", "art", "science"]),
    "number": Number(0, 10),
    "sixty": Choice(SIXTY),
    "grid": Choice(ANIMALS),
    "hint": Choice(["spam", "ham"]),
    "sheet": Choice(ANIMALS),
    "ten": Choice([str(k) for k in range(10)]),
}


def pictures(folder, n=MANY):
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k in range(n):
        side = 24 if k % 2 else 200
        pixels = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"p{k}.png")
    return folder


def table(path, n=MANY):
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "age", "city", "paid", "remark"])
        rows.writerows([f"r{k}", 20 + k, ["Oslo", "Rome"][k % 2], k * 1000.5, ""] for k in range(n))
    return path


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """One server over a campaign for each kind of item and question."""
    root = tmp_path_factory.mktemp("campaigns")
    settings = {"batch": MANY - 10, "seed": 0, "control": 0.0}
    for name, question in QUESTIONS.items():
        mails_folder(root, name, n=MANY, question=question, **settings)
    matrix = root / "matrix.npy"
    np.save(matrix, np.random.default_rng(1).normal(size=(MANY, 40)))
    kinds = {
        "image": (pictures(root / "photos"), {"images": True}),
        "table": (table(root / "table.csv"), {"id": "id"}),
        "vector": (matrix, {}),
    }
    for name, (source, columns) in kinds.items():
        asked = Choice(ANIMALS)
        made = create_folder(root / name, source, asked, columns=columns, settings=settings)
        made.log.close()
    running = start_server(root, root / "serve.err")
    running.root = root
    yield running
    running.stop()


VIEWS = ["text", "image", "table", "vector", "several", "number", "sixty"]


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_stands_in_anybodys_way(visit, view):
    page, _ = visit(view, by=f"axe-{view}", color_scheme="light")
    assert serious(page) == []
    page.keyboard.press("g")
    page.keyboard.press("s")
    assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    assert serious(page) == []


def test_sheet_menu_and_grid_are_fit_for_everybody(visit):
    page, _ = visit("sheet")
    for key in ("v", "?"):
        page.keyboard.press(key)
        page.wait_for_selector(".cell" if key == "v" else "dialog[open]")
        assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    assert serious(page) == []


PICTURES = "performance.getEntriesByType('resource').filter(one => one.name.includes('/v1/image/'))"


def test_images_are_shown_and_those_ahead_are_decoded(visit):
    page, client = visit("image")
    image = page.locator("#item img")
    sizes = image.evaluate("async one => { await one.decode(); return one.naturalWidth; }")
    assert sizes in (24, 200)
    assert image.get_attribute("alt")
    page.evaluate(
        """() => {
            window.seen = [];
            const look = () => {
                const one = document.querySelector('#item img');
                seen.push([one.src, one.complete && one.naturalWidth > 0]);
            };
            new MutationObserver(look).observe(document.getElementById('item'), {childList: true});
        }"""
    )
    until(page, f"{PICTURES}.length === 14")  # the shelf is full
    for k in range(10):
        page.keyboard.press("3")
        until(page, f"seen.length > {k}")
    saved(page)
    seen = page.evaluate("seen")
    assert [there for _, there in seen] == [True] * 10  # when it was shown, not loaded then
    assert len({source for source, _ in seen}) == 10
    assert set(labels_of(client).values()) == {"owl"} and len(labels_of(client)) == 10


def test_a_table_row_reads_as_names_and_values(visit):
    page, _ = visit("table")
    shown = dict(
        zip(
            page.locator("#item dt").all_inner_texts(),
            page.locator("#item dd").all_inner_texts(),
            strict=True,
        )
    )
    assert set(shown) == {"age", "city", "paid", "remark"}
    assert shown["city"] in ("Oslo", "Rome") and shown["remark"] == "—"
    assert float(shown["paid"]) % 1000.5 == 0, "numbers are shown as the data has them"
    page.keyboard.press("1")
    saved(page)


def test_a_vector_is_drawn_and_listed(visit):
    page, _ = visit("vector")
    assert page.locator("#item .bars i").count() == 40
    assert page.locator("#item .numbers li").count() == 40


def test_a_phone_of_360_pixels(visit):
    options = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
    for view in ("text", "sixty", "number", "table", "image"):
        page, _ = visit(view, by=f"phone-{view}", **options)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("document.documentElement.scrollHeight") <= 640
        for one in page.locator("#answer button, #tools button:visible").all()[:8]:
            box = one.bounding_box()
            if one.is_visible():
                assert box["height"] >= 44 and box["y"] + box["height"] <= 640
                assert box["x"] >= 0 and box["x"] + box["width"] <= 360
        name = page.locator(".bar .name")
        assert name.evaluate("one => one.scrollWidth <= one.clientWidth"), "the name is cut off"
        if view == "image":
            picture = page.locator("#item img").bounding_box()
            answers = page.locator("#answering").bounding_box()
            assert picture["y"] + picture["height"] <= answers["y"], "seen whole, above the labels"
        if view == "sixty":
            page.get_by_label("Search the labels").fill("cash 1")
            page.locator("#labels button").first.tap()
            page.context.close()


def test_ten_short_labels_take_two_rows_of_a_phone(visit):
    options = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
    page, _ = visit("ten", by="thumb", **options)
    tops = {one.bounding_box()["y"] for one in page.locator("#labels button").all()}
    assert len(tops) == 2


def test_at_200_percent_the_item_keeps_its_room(visit):
    for view in ("text", "sixty"):
        page, _ = visit(view, by="large", viewport={"width": 720, "height": 450})
        text = page.locator("#item .text").bounding_box()
        answers = page.locator("#answering").bounding_box()
        assert text["y"] + text["height"] <= answers["y"]
        assert answers["y"] + answers["height"] <= 450


def test_on_a_phone_the_grid_marks_what_an_answer_is_about(visit):
    options = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
    page, _ = visit("text", by="marks", **options)
    page.locator("#tools [data-act=grid]").tap()
    page.wait_for_selector(".cell")
    marked = "getComputedStyle(document.querySelectorAll('.cell')[%d]).outlineStyle"
    assert [page.evaluate(marked % at) for at in (0, 1)] == ["solid", "none"]
    shown = page.locator(".cell .text").nth(1).inner_text()
    assert page.locator(".cell").nth(1).get_attribute("aria-label") == f"2: {shown}"
    page.locator(".cell").nth(1).tap()
    until(page, f"{marked % 0} === 'none'")


def test_swiping_answers_where_there_are_two_labels(visit):
    options = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
    page, client = visit("text", by="finger", **options)
    right = number_of(page)
    swipe(page, 120)
    left = other_than(page, right)
    swipe(page, -120)
    barely = other_than(page, left)
    swipe(page, 40)
    assert number_of(page) == barely
    saved(page)
    assert [labels_of(client).get(f"m{k}") for k in (right, left, barely)] == ["spam", "ham", None]


def swipe(page, by):
    touch = page.context.new_cdp_session(page)
    points = [(180 + by * step / 6, 300) for step in range(7)]
    for at, (x, y) in enumerate(points):
        kind = "touchStart" if at == 0 else "touchMove"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_grid_labels_many_and_undoes_them_at_once(visit):
    page, client = visit("grid")
    page.keyboard.press("v")
    until(page, "document.querySelectorAll('.cell').length === 24")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.locator(".cell").nth(5).click()
    page.locator(".cell").nth(8).click(modifiers=["Shift"])
    assert page.locator(".cell[aria-selected=true]").count() == 6
    page.keyboard.press("2")
    until(page, "document.querySelectorAll('.cell').length === 18")
    saved(page)
    assert list(labels_of(client).values()) == ["dog"] * 6
    page.keyboard.press("3")  # none chosen: the one under the cursor
    page.keyboard.press("e")
    page.keyboard.press("1")
    saved(page)
    assert sorted(labels_of(client).values()) == ["cat"] * 17 + ["dog"] * 6 + ["owl"]
    until(page, "document.querySelectorAll('.cell').length > 0")
    page.keyboard.press("Backspace")
    saved(page)
    assert sorted(labels_of(client).values()) == ["dog"] * 6 + ["owl"]
    assert page.locator(".cell[aria-selected=true]").count() == 17
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    saved(page)
    assert labels_of(client) == {}
    page.keyboard.press("v")
    k = number_of(page)
    page.keyboard.press("1")
    saved(page)
    assert labels_of(client) == {f"m{k}": "cat"}
    assert len(why_of(client, k)["votes"]) == 1


def test_suggestions_only_where_the_owner_allows_them(visit, here):
    with open_folder(here.root / "hint") as campaign:  # a model, which has a guess for the rest
        for task in campaign.ask(20, by="owner"):
            campaign.tell(task, "spam" if "cash" in task.item else "ham", by="owner")
        campaign.step()
        page, _ = visit("hint", by="ann")
        number_of(page)
        assert page.locator(".hinted, .hint").count() == 0
        campaign.change(suggestions=True, by="owner")
        page, _client = visit("hint", by="bob")
        page.wait_for_selector(".hinted")
        k = number_of(page)
        shown = page.locator(".hinted .word").inner_text()
        assert re.fullmatch(r"model \d+ %", page.locator(".hint").inner_text())
        page.keyboard.press("2")
        saved(page)
        log = campaign.desk.journal.log
        told = {event.item_id: event for _, event in log.read() if event.kind == "told"}
        assert told[f"m{k}"].suggested == shown == label(k)


def test_why_this_item_is_told_on_request(visit):
    page, _ = visit("text", by="curious")
    assert page.locator("#why").is_hidden()
    page.keyboard.press("w")
    assert "Chosen by" in page.locator("#why").inner_text()
    come_back(page)
    assert page.locator("#why").is_visible()


def test_dark_size_and_what_a_screen_reader_hears(visit):
    page, _ = visit("text", by="eyes", color_scheme="light", reduced_motion="reduce")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.keyboard.press("t")  # system -> light -> dark
    page.keyboard.press("t")
    assert page.evaluate(paper) != light
    size = "parseFloat(getComputedStyle(document.querySelector('#item .text')).fontSize)"
    before = page.evaluate(size)
    page.keyboard.press("+")
    assert page.evaluate(size) == pytest.approx(before * 1.15)
    page.keyboard.press("1")
    assert "Saved as spam" in page.locator("#live").inner_text()
    assert page.evaluate("document.activeElement.id") == "item"
    come_back(page)
    assert page.evaluate(paper) != light and page.evaluate(size) > before
