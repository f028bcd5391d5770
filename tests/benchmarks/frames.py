"""How smoothly pods fly: frames a second while 30 are in the air, and what is left in memory.

    invented messages ─► the page's own store ─► places, flights ─► frames counted by the page

There is no server and no network. Chromium draws without a graphics card.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

FLIGHTS = 30
ROUNDS = 5
MOVES = 450

COUNT = """
messages => new Promise(resolve => {
  const gaps = [];
  let last = 0, begun = 0, flyers = 0;
  const frame = now => {
    if (begun === 0) begun = now; else gaps.push(now - last);
    last = now;
    flyers = Math.max(flyers, document.querySelectorAll('.flyer').length);
    if (now - begun < 1000) requestAnimationFrame(frame);
    else resolve({frames: gaps.length, worst: Math.max(...gaps), flyers});
  };
  requestAnimationFrame(now => {
    for (const one of messages) window.chaosmonkey.board.hear(one);
    frame(now);
  });
})
"""

MOVE = """
() => {
  const board = window.chaosmonkey.board;
  let turn = 0, seq = 1, old = [];
  const say = (pods, gone) => board.hear(
    {type: 'delta', seq: ++seq, at: 1800000000, set: {pods}, gone: {pods: gone}});
  window.move = () => {
    const from = `node${turn % 5 + 1}`;
    turn += 1;
    const here = Object.values(board.state.pods).filter(pod => pod.node === from).slice(0, 30);
    const put = {};
    here.forEach((pod, at) => {
      put[pod.uid] = {...pod, state: 'terminating'};
      const uid = `${pod.lineage}.${seq}`;
      put[uid] = {...pod, uid, node: `node${(turn + at % 4) % 5 + 1}`, state: 'starting'};
    });
    old = here.map(pod => pod.uid);
    say(put, []);
  };
  window.tidy = () => {
    const put = {};
    for (const pod of Object.values(board.state.pods))
      if (pod.state === 'starting') put[pod.uid] = {...pod, state: 'ready'};
    say(put, old);
  };
}
"""


def measure() -> dict[str, Any]:
    """Frames at 200 and at 2,000 pods, and the heap after many moves."""
    try:
        from playwright.sync_api import sync_playwright

        from tests.browser import static
    except ImportError as missing:
        return {"skipped": f"{missing.name} is not installed"}
    if not static.CHROMIUM.exists():
        return {"skipped": f"no chromium at {static.CHROMIUM}"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(static.CHROMIUM),
            args=[*static.ARGUMENTS, "--enable-precise-memory-info", "--js-flags=--expose-gc"],
        )
        try:
            return {
                "conditions": f"1920 x 1080, no graphics card, {FLIGHTS} flights, "
                f"median of {ROUNDS} rounds of 1 s",
                "pods_200": _frames(browser, machines=5, each=40),
                "pods_2000": _frames(browser, machines=14, each=143),
                "heap": _heap(browser),
            }
        finally:
            browser.close()


def _frames(browser: Any, *, machines: int, each: int) -> dict[str, Any]:
    page, world = _open(browser, machines, each)
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(page.evaluate(COUNT, [world.move(FLIGHTS)]))
        page.wait_for_timeout(700)
        page.evaluate("m => window.chaosmonkey.board.hear(m)", world.tidy())
        page.wait_for_timeout(100)
    page.close()
    rounds.sort(key=lambda one: one["frames"])
    middle = rounds[ROUNDS // 2]
    return {
        "pods": machines * each,
        "in_the_air": middle["flyers"],
        "frames_in_1_s": middle["frames"],
        "worst_frame_ms": round(middle["worst"], 1),
        "frames_of_each_round": [one["frames"] for one in rounds],
    }


def _heap(browser: Any) -> dict[str, Any]:
    """The messages are made in the page: what is sent to it from here stays in its memory."""
    page, _ = _open(browser, 5, 40)
    used = "(gc(), performance.memory.usedJSHeapSize / 1e6)"
    page.evaluate(MOVE)
    figures = [page.evaluate(used)]
    for _ in range(2):
        for _ in range(MOVES // FLIGHTS):
            page.evaluate("window.move()")
            page.wait_for_timeout(1700)
            page.evaluate("window.tidy()")
            page.wait_for_timeout(100)
        figures.append(page.evaluate(used))
    flyers = page.locator(".flyer").count()
    page.close()
    return {
        "mb_before": round(figures[0], 2),
        f"mb_after_{MOVES}_moves": round(figures[1], 2),
        f"mb_after_{2 * MOVES}_moves": round(figures[2], 2),
        "left_in_the_air": flyers,
    }


class World:
    """Pods that move from one machine to another, the next machine each time."""

    def __init__(self, machines: int, each: int) -> None:
        from tests.browser import invented

        self._invented = invented
        self._machines = machines
        self._seq = 1
        self._turn = 0
        self.pods = invented.pods(machines, each)
        self._ghosts: list[str] = []

    def first(self) -> dict[str, Any]:
        table = {
            f"node{n + 1}": self._invented.machine(f"node{n + 1}") for n in range(self._machines)
        }
        return self._invented.snapshot(pods=self.pods, machines=table)

    def move(self, number: int) -> dict[str, Any]:
        """Pods of one machine are given up, and others take over their work elsewhere."""
        self._turn = self._turn % self._machines + 1
        here = [pod for pod in self.pods.values() if pod["node"] == f"node{self._turn}"][:number]
        changed = {}
        for at, pod in enumerate(here):
            to = (self._turn + at % (self._machines - 1)) % self._machines + 1
            uid = f"{pod['lineage']}.{self._seq}"
            changed[pod["uid"]] = pod | {"state": "terminating"}
            changed[uid] = self._invented.pod(
                uid, f"node{to}", pod["app"], lineage=pod["lineage"], state="starting"
            )
        self._ghosts = [pod["uid"] for pod in here]
        self.pods |= changed
        return self._delta(pods=changed)

    def tidy(self) -> dict[str, Any]:
        """The pods that were given up are gone, those that took over are ready."""
        for uid in self._ghosts:
            del self.pods[uid]
        changed = {
            uid: pod | {"state": "ready"}
            for uid, pod in self.pods.items()
            if pod["state"] == "starting"
        }
        self.pods |= changed
        return self._delta(gone={"pods": self._ghosts}, pods=changed)

    def _delta(self, **sections: Any) -> dict[str, Any]:
        self._seq += 1
        return self._invented.delta(self._seq, **sections)


def _open(browser: Any, machines: int, each: int) -> tuple[Any, World]:
    from tests.browser import static

    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    static.serve(page)
    page.goto(f"{static.ORIGIN}/?bench")
    world = World(machines, each)
    static.hear(page, world.first())
    page.wait_for_selector(".tile")
    page.wait_for_timeout(500)
    return page, world


if __name__ == "__main__":
    import json

    sys.stdout.write(json.dumps(measure(), indent=2) + "\n")
