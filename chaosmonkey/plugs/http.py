"""Switch a device over HTTP by a recipe: smart plugs, PoE switches, boards, home servers.

Every recipe sets the device's own timer with every cut, if the device has one. The answer to a
command proves nothing; only a reading does.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
from yarl import URL

from chaosmonkey.config import HttpPlug, HttpRequest
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.http_templates import classify_answer, fill_in, find_trouble, timer_words
from chaosmonkey.plugs.quoted import quoted

LONGEST = 3600.0
"""Seconds of a device's timer if no time is given: the longest cut (limits.max_seconds)."""

ANSWER_MAX = 256 * 1024
"""Most bytes of an answer. A Shelly's longest status has about 5 KiB, Home Assistant's 20."""


class HttpDevice:
    """Sends the requests of a recipe. A connection serves one request: small devices have few."""

    def __init__(self, settings: HttpPlug) -> None:
        self._settings = settings
        self.in_flight = settings.timeout
        self.remark = ""
        self._recipe = settings.how

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """Send the requests for the wanted state; raises PlugFailed unless all succeed."""
        words = {} if on else timer_words(LONGEST if back_in is None else back_in)
        for request in self._recipe.restore if on else self._recipe.cut:
            await self._send(request, words)

    async def read(self) -> FeedState:
        """The state in the answer; unknown if it matches neither or both."""
        self.remark = ""
        request = self._recipe.read
        text = await self._send(request, {})
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):  # the latter is what 100,000 times "[" becomes
            quote = self._quoted(text)
            raise self._failed(request, f"sent an answer that is not JSON{quote}") from None
        feed = classify_answer(answer, self._recipe, self._settings.which)
        trouble = find_trouble(answer, self._recipe, self._settings.which)
        if trouble is not None:
            self.remark = quoted(trouble.says, self._secrets)
        elif feed is FeedState.UNKNOWN:
            quote = quoted(text.decode(errors="replace"), self._secrets)
            self.remark = f"It reports neither on nor off: {quote} {self._recipe.hint}".rstrip()
        return feed

    async def close(self) -> None:
        """Turn the feed on; no connection is kept."""
        await self.switch(on=True)

    async def _send(self, request: HttpRequest, words: Mapping[str, str]) -> bytes:
        settings = self._settings
        fill = {"outlet": settings.which, **words}
        query = {fill_in(key, fill): fill_in(value, fill) for key, value in request.query.items()}
        headers, middlewares = {}, []
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
        elif settings.password is not None:
            password = settings.password.get_secret_value()
            match self._recipe.sign_in:
                case "basic":
                    headers["Authorization"] = f"Basic {_basic(settings.user, password)}"
                case "digest":
                    middlewares.append(aiohttp.DigestAuthMiddleware(settings.user, password))
                case "query":
                    query = {"user": settings.user, "password": password} | query
        path = fill_in(request.path, {key: quote(word, safe="") for key, word in fill.items()})
        url = settings.url.rstrip("/") + path
        if query:
            pairs = [f"{quote(key, safe='')}={quote(word, safe='')}" for key, word in query.items()]
            url += "?" + "&".join(pairs)
        body = request.body and {
            key: fill_in(value, fill) if isinstance(value, str) else value
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
            raise self._failed(request, f"cannot be reached: {reason}") from None
        self._check(request, status, bytes(text), response.headers.get("Location", ""))
        return bytes(text)

    def _check(self, request: HttpRequest, status: int, text: bytes, location: str) -> None:
        """Raise PlugFailed for a refusal by the device, in its own words."""
        answered = "refused" if status < 300 else f"answered {status}"
        trouble = None
        with contextlib.suppress(ValueError, RecursionError):
            trouble = find_trouble(json.loads(text), self._recipe, self._settings.which)
        if trouble is not None and (trouble.refused or status >= 300):
            says = quoted(trouble.says, self._secrets)
            raise self._failed(request, f"{answered}: {says.rstrip('.')}")
        if 300 <= status < 400 and location:
            to = quoted(location.partition("?")[0], self._secrets)
            what = f"{answered} with a redirect to {to}, which is not followed"
            raise self._failed(request, what)
        if status >= 300:
            raise self._failed(request, answered + self._quoted(text))

    def _quoted(self, text: bytes) -> str:
        """The answer as part of a sentence; "" for a page of HTML."""
        quote = quoted(text.decode(errors="replace"), self._secrets)
        return "" if not quote or quote.startswith("<") else f", saying '{quote}'"

    @property
    def _secrets(self) -> list[str]:
        """Every form of them in a request, since an error page may repeat the request."""
        known = (self._settings.password, self._settings.token)
        plain = [secret.get_secret_value() for secret in known if secret is not None]
        return [
            form
            for secret in plain
            for form in (secret, quote(secret, safe=""), _basic(self._settings.user, secret))
        ]

    def _failed(self, request: HttpRequest, what: str) -> PlugFailed:
        return PlugFailed(
            f"{self._settings.url} {what} ({request.method} {request.path}).",
            remedy="Check that it is reachable, and its `url`, preset, `outlet` and credentials.",
            url=self._settings.url,
        )


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()
