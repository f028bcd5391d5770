"""Waiting in a page's own time, of which a busy machine gives it less than the wall has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def let_pass(page: Page, milliseconds: int) -> None:
    """Return later, in the page's own time: what its timers had to do by then is done."""
    page.evaluate("ms => new Promise(done => setTimeout(done, ms))", milliseconds)


def come_to_rest(page: Page) -> None:
    """Return when the fonts are there and everything that moves, but for what always does."""
    page.evaluate(
        """async () => {
          await document.fonts.ready;
          const ends = document.getAnimations().filter(
            one => one.effect.getComputedTiming().endTime !== Infinity);
          await Promise.allSettled(ends.map(one => one.finished));
        }"""
    )
