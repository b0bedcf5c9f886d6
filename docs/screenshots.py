"""Take the pictures of the labelling page that the documentation shows.

`python docs/screenshots.py` serves three small campaigns, works on them in a real Chromium, and
writes `docs/img/label/*.png`. It needs the extras server and dev, and a Chromium on the PATH or
named by CHROMIUM.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from sklearn.datasets import load_digits, load_wine

from querist.core.protocols import Question
from querist.core.questions import Choice
from querist.loop.folder import create_folder, open_desk

TOKEN = "pictures"
LABELS = ["card", "payment", "fee", "access", "other"]
OPENINGS = ["", "Hello, ", "Good morning. ", "Please help: ", "Once more: ", "I wrote last week. "]
QUESTIONS = {
    "card": [
        "my new card has not come yet, and the app says it was sent two weeks ago.",
        "the chip of my card is not read by any machine in the shop.",
        "can I have a second card for my daughter on the same account?",
    ],
    "payment": [
        "my payment was declined twice in the same shop, although there is enough money.",
        "I paid a friend on Monday and it still says pending. She needs it for the rent.",
        "a standing order left twice this month, on the first and on the third.",
    ],
    "fee": [
        "there is a charge of 1.00 that I do not recognise. Is it a check by the merchant?",
        "why was I charged for taking cash out abroad? Three times a month are said to be free, "
        "and this was my second. The machine itself showed no fee before I confirmed.",
        "the exchange rate on my statement is not the one the app showed me.",
    ],
    "access": [
        "the app asks for a code that never comes, and I have not changed my number.",
        "how do I change my PIN without a branch?",
        "I am locked out after three tries and travel tomorrow.",
    ],
    "other": [
        "do you have an address for letters?",
        "what happens to my account when I move to another country?",
        "thank you, it works again.",
    ],
}
GUIDELINES = """
Choose what the writer **wants done**, not every word they mention.

- Money that moved wrongly is *payment*, also when a card was used.
- Money taken by the bank for a service is *fee*.
- In doubt between two, take the one that has to be solved first.
"""
CLASSES = {
    "payment": {
        "text": "A transfer, a standing order, a purchase.",
        "examples": ["It still says pending.", "Declined twice in the same shop."],
    },
    "fee": {
        "text": "Charges and exchange rates.",
        "examples": ["What is this charge of 1.00?"],
    },
    "access": {
        "text": "Log in, codes, PIN.",
        "examples": ["The code never comes."],
    },
}


def texts(root: Path) -> dict[str, str]:
    """A campaign of short letters to a bank; item -> the label it will get."""
    truth = {}
    source = root / "letters.csv"
    with source.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "text"])
        for label, letters in QUESTIONS.items():
            for k, (opening, letter) in enumerate(product(OPENINGS, letters)):
                written = opening + (letter if opening.endswith(", ") else capital(letter))
                rows.writerow([f"{label}-{k}", capital(written)])
                truth[f"{label}-{k}"] = label
    make(root / "letters", source, Choice(LABELS), id="id", text="text")
    return truth


def capital(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def digits(root: Path) -> None:
    """A campaign of small images."""
    from PIL import Image

    folder = root / "scans"
    folder.mkdir()
    for k, image in enumerate(load_digits().images[:120]):
        ink = np.asarray(255 - image * 255 / 16, dtype=np.uint8)
        Image.fromarray(ink).save(folder / f"scan-{k:03}.png")
    make(root / "digits", folder, Choice([str(k) for k in range(10)]), images=True)


def wines(root: Path) -> None:
    """A campaign of table rows."""
    found = load_wine(as_frame=True)
    source = root / "wines.csv"
    found.data.to_csv(source, index_label="id")
    make(root / "wines", source, Choice(["Barolo", "Grignolino", "Barbera"]), id="id")


def make(folder: Path, source: Path, question: Question, **columns: Any) -> None:
    """A campaign folder."""
    settings = {"batch": 60, "seed": 0, "control": 0.0}
    create_folder(folder, source, question, columns=columns, settings=settings).log.close()


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address of a server over all campaigns of a folder, with the process that trains."""
    command = [sys.executable, "-m", "querist", "serve", str(root), "--no-browser"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--token", TOKEN], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        yield line[line.index("http://") :].split("/?")[0].strip()
    finally:
        process.terminate()
        process.wait(timeout=30)


class Camera:
    """Opens pages of one server, and takes pictures of them."""

    def __init__(self, browser: Browser, url: str, to: Path) -> None:
        self.browser = browser
        self.url = url
        self.to = to

    def open(self, campaign: str, by: str = "ann", **options: Any) -> Page:
        """The labelling page of a campaign as somebody, with an item on it."""
        size = {"width": 1200, "height": 750}
        context = self.browser.new_context(**{"viewport": size, **options})
        page = context.new_page()
        page.goto(f"{self.url}/c/{campaign}/?token={TOKEN}&by={by}")
        page.wait_for_selector("#item > :not(.state)")
        return page

    def take(self, page: Page, name: str) -> None:
        """Write what the page shows, once it has come to rest."""
        page.wait_for_timeout(500)
        page.screenshot(path=self.to / f"{name}.png")


def answer(page: Page, truth: dict[str, str], times: int) -> None:
    """Label some letters by key, as a person would."""
    for _ in range(times):
        page.wait_for_selector("#item .text")
        shown = page.locator("#item .text").inner_text()
        page.keyboard.press(str(LABELS.index(label_of(shown)) + 1))
        page.wait_for_timeout(120)


def label_of(text: str) -> str:
    """The label of a letter."""
    return next(label for label, letters in QUESTIONS.items() for one in letters if one[1:] in text)


def letters(camera: Camera, truth: dict[str, str]) -> None:
    """The sequence of a first session."""
    page = camera.open("letters")
    camera.take(page, "1-item")
    answer(page, truth, 24)
    time.sleep(6)  # the model is trained beside it, and the next batch is its choice
    answer(page, truth, 3)
    page.keyboard.press("w")
    page.get_by_title("This session").click()
    camera.take(page, "2-progress")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.keyboard.press("g")
    camera.take(page, "3-guidelines")
    page.keyboard.press("g")
    page.keyboard.press("s")
    camera.take(page, "4-skip")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    answer(page, truth, 2)
    camera.take(page, "5-offline")
    page.context.set_offline(False)
    page.keyboard.press("v")
    page.wait_for_selector(".cell")
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    camera.take(page, "6-grid-text")
    page.keyboard.press("v")
    page.keyboard.press("?")
    camera.take(page, "7-keys")
    page.context.close()


def main(to: Path) -> None:
    """Take all pictures."""
    to.mkdir(parents=True, exist_ok=True)
    program = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        truth = texts(root)
        digits(root)
        wines(root)
        desk = open_desk(root / "letters")
        desk.change("guidelines", {"text": GUIDELINES, "labels": CLASSES}, "owner")
        desk.journal.log.close()
        with serving(root) as url, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
            camera = Camera(browser, url, to)
            letters(camera, truth)
            page = camera.open("letters", "bea", color_scheme="dark")
            camera.take(page, "8-dark")
            page.context.close()
            phone = {"width": 360, "height": 700}
            page = camera.open(
                "letters",
                "cleo",
                viewport=phone,
                has_touch=True,
                is_mobile=True,
                device_scale_factor=2,
            )
            camera.take(page, "9-phone")
            page = camera.open("digits")
            camera.take(page, "10-image")
            page.keyboard.press("v")
            page.wait_for_selector(".cell img")
            for key in ("Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "Space"):
                page.keyboard.press(key)
            camera.take(page, "11-grid-images")
            page = camera.open("wines")
            camera.take(page, "12-table")
            browser.close()
    print(f"{len(list(to.glob('*.png')))} pictures in {to}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "img" / "label")
