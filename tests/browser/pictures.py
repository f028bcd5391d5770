"""`make pictures`: the stage at recorded moments, as the pictures of the documents."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import static

FOLDER = Path(__file__).parents[2] / "docs/pictures"

MOMENTS = {
    "stage-undetected": ("power", 16),
    "stage-flying": ("power", 21.45),
    "stage-recovered": ("power", 26),
    "stage-network": ("network", 30),
    "stage-by-hand": ("hand", 9),
    "stage-tally": ("vote", 25),
}
"""Picture → recording, and second of it."""


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(static.CHROMIUM), args=static.ARGUMENTS
        )
        for name, (run, t) in MOMENTS.items():
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            static.serve(page)
            page.goto(f"{static.ORIGIN}/?run=/recordings/{run}.json&t={t}")
            page.wait_for_selector("main")
            page.evaluate("document.fonts.ready")
            page.screenshot(path=FOLDER / f"{name}.png")
            sys.stdout.write(f"docs/pictures/{name}.png\n")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
