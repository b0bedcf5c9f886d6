"""What the tests of the labelling page share: opening it as somebody, and reading it."""

from __future__ import annotations

import re

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import wait_for


@pytest.fixture
def annotate(browser):
    """Open the page as somebody: annotate(running, "ann", base="/c/x"); script errors fail."""
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
    words = page.locator("#item .text").inner_text(timeout=20_000)
    found = re.search(r"number (\d+)", words)
    assert found, words
    return int(found[1])


def until(page, expression, seconds=20.0):
    """Wait until an expression is true; the page's own policy forbids Playwright's way to wait."""
    return wait_for(lambda: page.evaluate(expression), seconds, every=0.01)


def saved(page):
    """Wait until the server has confirmed everything."""
    until(page, "!Object.keys(localStorage).some(key => key.includes(':out:'))")


def labels_of(client: httpx.Client):
    """Item -> value, as the server has them."""
    return {row["id"]: row["value"] for row in client.get("labels").json()["labels"]}


def why_of(client: httpx.Client, k: int):
    """What the server knows of mail k: votes and skips."""
    return client.get(f"why/m{k}").json()
