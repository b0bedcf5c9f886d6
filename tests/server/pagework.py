"""What the tests of the labelling page share: opening it as somebody, and reading it."""

from __future__ import annotations

import re
from contextlib import contextmanager

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import PATIENCE, wait_for

SHOWN = "#item > :not(.state)"  # an item, and not why there is none


@contextmanager
def opening(browser):
    """Open addresses, each in a browser of its own, until something shows; script errors fail."""
    contexts, errors = [], []

    def start(address, shows, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.wait_for_selector(shows)
        return page

    yield start
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def annotate(browser):
    """Open the page as somebody, at its first item: annotate(running, "ann", base="/c/x")."""
    with opening(browser) as start:

        def label(running, by="ann", *, base="", **options):
            address = f"{running.url}{base}/?token={running.token}&by={by}"
            return start(address, SHOWN, **options)

        yield label


@pytest.fixture
def visit(here, annotate):
    """The page of a campaign and a client of its API: page, client = visit("image")."""

    def go(name, by="ann", **options):
        base = f"/c/{name}"
        return annotate(here, by, base=base, **options), here.client(base=base)

    return go


# What moves for ever, such as the dots of a page that waits, is not waited for
SETTLED = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished))"""


def serious(page):
    """What axe-core finds serious or critical, in words, once colours stand still."""
    page.evaluate(SETTLED)
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']} {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def number_of(page):
    """The number of the mail on the screen."""
    words = page.locator("#item .text").inner_text()
    found = re.search(r"number (\d+)", words)
    assert found, words
    return int(found[1])


def until(page, expression, seconds=PATIENCE):
    """Wait until an expression is true; the page's own policy forbids Playwright's way to wait."""
    return wait_for(lambda: page.evaluate(expression), seconds, every=0.02)


def come_back(page):
    """Load the page again, up to its first item."""
    page.reload()
    page.wait_for_selector(SHOWN)


def paced(page, words):
    """Wait until the bar counts so: it is written after the item has been painted."""
    page.locator("#pace", has_text=re.compile(f"^{words}")).wait_for()


def other_than(page, k):
    """The number of the mail on the screen, once it is not mail k any more."""
    return wait_for(lambda: [found for found in [number_of(page)] if found != k])[0]


def saved(page):
    """Wait until the server has confirmed everything."""
    until(page, "!Object.keys(localStorage).some(key => key.includes(':out:'))")


def labels_of(client: httpx.Client):
    """Item -> value, as the server has them."""
    return {row["id"]: row["value"] for row in client.get("labels").json()["labels"]}


def why_of(client: httpx.Client, k: int):
    """What the server knows of mail k: votes and skips."""
    return client.get(f"why/m{k}").json()
