"""Phones of a test: each is a browser of its own, with a seat."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from tests.meant import MEANT
from tests.patience import PATIENCE
from tests.unit.api.conftest import Site


class Phone:
    """One phone."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    @property
    def stream(self) -> dict[str, Any]:
        """What opens this phone's websocket: as a browser sends it, with the seat's cookie."""
        url = str(self.client.base_url).rstrip("/").replace("http", "ws") + "/ws/play"
        name = f"seat-{self.client.base_url.port}"
        cookie = f"{name}={self.client.cookies[name]}"
        return {"uri": url, "additional_headers": {"Cookie": cookie}}

    async def ask(self, what: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"/api/play/{what}", json=body)

    async def do(self, what: str, **body: Any) -> dict[str, Any]:
        """What the server answers, if it does what was asked for."""
        answer = await self.ask(what, **body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, what: str, status: int, **body: Any) -> dict[str, Any]:
        """Why the server refuses."""
        answer = await self.ask(what, **body)
        assert answer.status_code == status, answer.text
        refusal: dict[str, Any] = answer.json()
        assert refusal["remedy"]
        return refusal


@asynccontextmanager
async def phones(site: Site, number: int, *, code: str | None = None) -> AsyncIterator[list[Phone]]:
    """So many phones that have joined."""
    async with AsyncExitStack() as stack:
        made = []
        for at in range(number):
            client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=site.url, timeout=PATIENCE, headers=MEANT)
            )
            phone = Phone(client)
            body = {"seat": f"{at:032x}"} | ({"code": code} if code else {})
            await phone.do("join", **body)
            made.append(phone)
        yield made


async def opened(site: Site, mode: str, **options: Any) -> str:
    """Open a round; return its id."""
    answer = await site.client.post("/api/round/open", json={"mode": mode} | options)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def present(site: Site, what: str, status: int = 200, **body: Any) -> dict[str, Any]:
    """What the presenter's click on something is answered with."""
    answer = await site.client.post(f"/api/round/{what}", json=body or None)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def report(site: Site) -> dict[str, Any]:
    """What everybody can read of the round."""
    found: dict[str, Any] = (await site.client.get("/api/round")).json()
    return found
