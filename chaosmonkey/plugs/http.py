"""A device that listens to HTTP, by a recipe: smart plugs, PoE switches, boards, home servers.

The device's own timer is sent with every cut by every recipe whose device has one. An answer to a
command proves nothing here; only a reading does.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
from yarl import URL

from chaosmonkey.config import HttpPlug, HttpRequest
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Feed
from chaosmonkey.plugs.recipes import feed_told, filled, timer_words

LONGEST = 3600.0
"""Seconds until a device's timer acts if nobody says: the longest cut (limits.max_seconds)."""

ANSWER_MAX = 256 * 1024
"""Bytes of an answer. A Shelly's longest status has some 5 KiB, Home Assistant's some 20."""


class HttpDevice:
    """Sends the requests of a recipe. A connection serves one request: small devices have few."""

    def __init__(self, settings: HttpPlug) -> None:
        self._settings = settings
        self.in_flight = settings.timeout
        self._recipe = settings.how

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """Send the requests for the wanted state; PlugFailed unless all are answered well."""
        words = {} if on else timer_words(LONGEST if back_in is None else back_in)
        for request in self._recipe.restore if on else self._recipe.cut:
            await self._send(request, words)

    async def read(self) -> Feed:
        """The state that the answer tells; unknown if it tells none or both."""
        text = await self._send(self._recipe.read, {})
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):  # the latter is what 100,000 times "[" becomes
            raise self._failed(self._recipe.read, "answered something that is not JSON") from None
        return feed_told(answer, self._recipe, self._settings.which)

    async def close(self) -> None:
        """Turn the feed on; no connection is kept."""
        await self.switch(on=True)

    async def _send(self, request: HttpRequest, words: Mapping[str, str]) -> bytes:
        settings = self._settings
        fill = {"outlet": settings.which, **words}
        query = {filled(key, fill): filled(value, fill) for key, value in request.query.items()}
        headers, middlewares = {}, []
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
        elif settings.password is not None:
            password = settings.password.get_secret_value()
            match self._recipe.sign_in:
                case "basic":
                    both = base64.b64encode(f"{settings.user}:{password}".encode()).decode()
                    headers["Authorization"] = f"Basic {both}"
                case "digest":
                    middlewares.append(aiohttp.DigestAuthMiddleware(settings.user, password))
                case "query":
                    query = {"user": settings.user, "password": password} | query
        path = filled(request.path, {key: quote(word, safe="") for key, word in fill.items()})
        url = settings.url.rstrip("/") + path
        if query:
            pairs = [f"{quote(key, safe='')}={quote(word, safe='')}" for key, word in query.items()]
            url += "?" + "&".join(pairs)
        body = request.body and {
            key: filled(value, fill) if isinstance(value, str) else value
            for key, value in request.body.items()
        }
        try:
            async with (
                asyncio.timeout(settings.timeout),
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(force_close=True, ssl=settings.verify_tls),
                    headers=headers, middlewares=middlewares,
                ) as session,
                session.request(
                    request.method, URL(url, encoded=True), json=body, allow_redirects=False
                ) as response,
            ):  # fmt: skip
                status, text = response.status, bytearray()
                async for piece in response.content.iter_any():
                    text += piece
                    if len(text) > ANSWER_MAX:
                        what = f"answered with more than {ANSWER_MAX // 1024} KiB"
                        raise self._failed(request, what)
        except TimeoutError:
            what = f"did not answer within {settings.timeout:g} s"
            raise self._failed(request, what) from None
        except (aiohttp.ClientError, OSError) as error:
            # Not the error's own text: it may hold the address with a password in it.
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise self._failed(request, f"cannot be asked: {reason}") from None
        if status >= 300:
            raise self._failed(request, f"answered {status}")
        return bytes(text)

    def _failed(self, request: HttpRequest, what: str) -> PlugFailed:
        return PlugFailed(
            f"{self._settings.url} {what} ({request.method} {request.path}).",
            remedy="Is it reachable, and are `outlet` and user, password or token right?",
            url=self._settings.url,
        )
