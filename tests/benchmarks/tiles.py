"""From an event at the API server to the tile on the stage: the whole way, in a real browser.

    line written to the watch ──► server ──► websocket ──► a frame ──► class of the tile changes

Both ends read the same wall clock. Also: how long a cold load takes to its first board, and how
much script the pages load.
"""

import asyncio
import gzip
import re
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from tests.benchmarks._table import ApiServer, percentiles, rig, simulated_objects

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
EVENTS = 200
LOADS = 5
PORT = 18082
PAGES = Path(__file__).parents[2] / "chaosmonkey/api/pages"

WATCH_TILES = """() => {
  window.changes = [];
  const look = () => window.changes.push(performance.timeOrigin + performance.now());
  new MutationObserver(look).observe(document.body,
    { attributes: true, attributeFilter: ['class'], subtree: true, childList: true });
}"""


async def measure() -> dict[str, Any]:
    if not Path(CHROMIUM).exists():
        return {"skipped": f"there is no {CHROMIUM}"}
    async with (
        rig(await simulated_objects(), port=PORT) as it,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        loads = [await _cold_load(await browser.new_page()) for _ in range(LOADS)]
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await _board(page)
        figures = await _tiles(page, it.api)
        await browser.close()
    return {
        "conditions": "5 machines, 30 pods, 1920x1080, headless chromium drawing in software",
        "event_to_tile": figures,
        "cold_load_to_first_board_s": sorted(round(seconds, 2) for seconds in loads),
        "script_kb_gz": {page: _script_kb(page) for page in ("stage", "console", "phone")},
    }


async def _board(page: Page) -> None:
    await page.goto(f"http://127.0.0.1:{PORT}/")
    await page.wait_for_function("() => document.querySelectorAll('.tile').length >= 30")


async def _cold_load(page: Page) -> float:
    """From asking for the page to 30 tiles in it, nothing in the browser's cache."""
    began = time.perf_counter()
    await _board(page)
    took = time.perf_counter() - began
    await page.close()
    return took


async def _tiles(page: Page, api: ApiServer) -> dict[str, float]:
    await page.evaluate(WATCH_TILES)
    pods = [pod for pod in api.objects["pods"] if pod["spec"].get("nodeName")]
    took = []
    for number in range(EVENTS):
        await page.evaluate("window.changes = []")
        await asyncio.sleep(0.05)
        pod = pods[number // 2 % len(pods)]
        _set_ready(pod, ready=number % 2 == 1)
        await api.write("pods", pod)
        written = time.time()
        await page.wait_for_function("() => window.changes.length > 0", polling=5)
        took.append((await page.evaluate("window.changes[0]")) / 1000 - written)
    return percentiles(took)


def _set_ready(pod: dict[str, Any], *, ready: bool) -> None:
    for condition in pod["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = str(ready)


def _script_kb(page: str) -> float:
    """Kilobytes of JavaScript that a page loads, compressed as a server might."""
    names = set(re.findall(r"/assets/[\w.-]+\.js", (PAGES / f"{page}.html").read_text()))
    return round(
        sum(len(gzip.compress((PAGES / name[1:]).read_bytes())) for name in names) / 1000, 1
    )
