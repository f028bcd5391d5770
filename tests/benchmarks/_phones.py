"""Many phones in one process of their own, told by lines of JSON what to do.

    {"do": "join", …}       load the page, take a seat, open the stream: as browsers do, in turn
    {"do": "arrive", …}     the same with a cached build, and the seat taken on the stream
    {"do": "subscribe", …}  as many websockets to a nats-server, for comparison
    {"do": "vote", …}       press by HTTP, each on a connection of its own
    {"do": "vote_on_socket", …}  press on the stream's websocket, and wait for the acks
    {"do": "leave"}         all of them hang up
    {"do": "heard"}         what came in since the last time, and when

Whatever comes in is stamped at once and looked at later: one epoll and one `recv` for each message,
the same for both servers, so that a message costs this process a few microseconds.
"""

import asyncio
import json
import re
import select
import socket
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
BROWSER = (
    "Host: 127.0.0.1:{port}\r\nConnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36\r\nAccept: text/html,application/xhtml+xml,"
    "application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
)
"""Headers of a phone's browser."""

SEQ = re.compile(rb'"seq":(\d+),"at":([0-9.]+)')
ACK = re.compile(rb'"type":"ack","id":(\d+)')
REFUSED = b'"type":"refused"'
IP_BIND_ADDRESS_NO_PORT = 24
"""Linux' option: take a free port per pair of addresses, not one for all. Not in `socket`."""
PONG = b"\x8a\x80\x00\x00\x00\x00"
MORE = 0.001
"""Seconds to wait for more: cheaper than another iteration of the event loop for each message."""
PATIENCE = 30.0
"""Seconds after the last press in which every phone must have its answer."""
KEPT_ALIVE = 4.0
"""Seconds for which a phone keeps the connection that it loaded the page on."""


class Phones:
    """The sockets, and what they heard."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.epoll = select.epoll()
        self.loop.add_reader(self.epoll.fileno(), self.drain)
        self.sockets: dict[int, tuple[str, socket.socket]] = {}
        self.heard: list[tuple[float, str, bytes]] = []
        self.lost: Counter[str] = Counter()
        self.assets: list[str] | None = None

    def drain(self) -> None:
        """Stamp what has come, and what comes within a millisecond: often, it is one of many."""
        now, heard, sockets = time.perf_counter, self.heard, self.sockets
        while ready := self.epoll.poll(MORE):
            for number, _ in ready:
                whose, end = sockets[number]
                try:
                    data = end.recv(65536)
                except OSError:
                    data = b""
                heard.append((now(), whose, data))
                if not data:
                    self.lost[whose] += 1
                    self.epoll.unregister(number)
                    del sockets[number]
                    end.close()
                elif b"\x89\x00" in data:
                    end.send(PONG)

    def listen(self, whose: str, end: socket.socket) -> None:
        self.sockets[end.fileno()] = (whose, end)
        self.epoll.register(end.fileno(), select.EPOLLIN)

    async def join(
        self, *, port: int, phones: int, seconds: float, first: int = 0
    ) -> dict[str, Any]:
        """Each loads the page and its assets, and takes a seat by HTTP."""
        cookies: list[str] = []

        async def one(number: int) -> None:
            cookies.append(await self._arrive(port, f"{first + number:032x}"))

        return await in_turn(one, phones, seconds) | {"cookies": cookies}

    async def arrive(
        self, *, port: int, phones: int, seconds: float, first: int = 0, addresses: int = 1
    ) -> dict[str, Any]:
        """Each loads the page, from one of these addresses, and takes a seat on its websocket."""

        async def one(number: int) -> None:
            source = f"127.0.0.{1 + number % addresses}"
            await self._sit_down(port, f"{first + number:032x}", source)

        return await in_turn(one, phones, seconds)

    async def _sit_down(self, port: int, seat: str, source: str) -> None:
        page = await self._connect(port, source)
        with page:
            await self._ask(page, f"GET /play HTTP/1.1\r\n{BROWSER.format(port=port)}\r\n")
        stream = await self._connect(port, source)
        upgrade = UPGRADE.format(path="/ws/play", host=f"127.0.0.1:{port}").rstrip()
        origin = f"Origin: http://127.0.0.1:{port}\r\n"
        await self.loop.sock_sendall(stream, f"{upgrade}\r\n{origin}\r\n".encode())
        heard = await self._until(stream, b"\r\n\r\n")
        if b" 101 " not in heard:
            raise ValueError(heard[:60])
        hello = {"id": 1, "do": "hello", "seat": seat}
        await self.loop.sock_sendall(stream, masked(json.dumps(hello).encode()))
        while b'"type":"ack"' not in heard:
            heard += await self._more(stream)
        self.listen("ours", stream)

    async def _arrive(self, port: int, seat: str) -> str:
        page = await self._connect(port)
        _, body = await self._ask(page, f"GET /play HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
        if self.assets is None:
            self.assets = re.findall(r'(?:src|href)="\.?(/[^"]+)"', body.decode())
        for asset in self.assets:
            await self._ask(
                page,
                f"GET {asset} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                "Accept-Encoding: gzip, deflate\r\n\r\n",
            )
        head, _ = await self._post(page, port, "/api/play/join", {"seat": seat})
        cookie = re.search(r"set-cookie: (seat-\d+=[^;]+)", head)
        if cookie is None:
            raise ValueError(head.partition("\r\n")[0])
        self.loop.call_later(KEPT_ALIVE, page.close)
        stream = await self._connect(port)
        upgrade = UPGRADE.format(path="/ws/play", host=f"127.0.0.1:{port}").rstrip()
        upgrade += f"\r\nCookie: {cookie[1]}\r\n\r\n"
        await self.loop.sock_sendall(stream, upgrade.encode())
        heard = await self._until(stream, b"\r\n\r\n")
        if b" 101 " not in heard:
            raise ValueError(heard[:60])
        self.heard.append((time.perf_counter(), "ours", heard.partition(b"\r\n\r\n")[2]))
        self.listen("ours", stream)
        return cookie[1]

    async def subscribe(self, *, port: int, phones: int) -> dict[str, Any]:
        for _ in range(phones):
            stream = await self._connect(port)
            await self.loop.sock_sendall(
                stream, UPGRADE.format(path="/", host=f"127.0.0.1:{port}").encode()
            )
            await self._until(stream, b"\r\n\r\n")
            said = b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB play 1\r\n'
            await self.loop.sock_sendall(
                stream, bytes((0x82, 0x80 | len(said))) + b"\0\0\0\0" + said
            )
            self.listen("theirs", stream)
        return {"subscribed": phones}

    async def vote(
        self, *, port: int, cookies: list[str], ballots: list[dict[str, str]], seconds: float
    ) -> dict[str, Any]:
        presses: list[tuple[float, float, int]] = []
        failed: Counter[str] = Counter()
        end = time.perf_counter() + 0.5

        async def one(number: int, cookie: str) -> None:
            at = end + number * seconds / len(cookies)
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            pressed = time.perf_counter()
            try:
                async with asyncio.timeout(30):
                    stream = await self._connect(port)
                    with stream:
                        head, _ = await self._post(
                            stream, port, "/api/play/vote", ballots[number % len(ballots)], cookie
                        )
            except (OSError, EOFError, TimeoutError) as error:
                failed[repr(error)[:100]] += 1
            else:
                presses.append((pressed, time.perf_counter(), int(head.split(" ", 2)[1])))

        async with asyncio.TaskGroup() as tasks:
            for number, cookie in enumerate(cookies):
                tasks.create_task(one(number, cookie))
        return {"presses": sorted(presses), "failed": failed}

    async def vote_on_socket(
        self, *, ballots: list[dict[str, str]], seconds: float
    ) -> dict[str, Any]:
        """Each phone votes on its open websocket; when it pressed, and when its ack came."""
        self.heard.clear()
        ends = [end for whose, end in self.sockets.values() if whose == "ours"]
        pressed: dict[int, float] = {}
        began = time.perf_counter() + 0.5
        for number, end in enumerate(ends):
            await asyncio.sleep(began + number * seconds / len(ends) - time.perf_counter())
            vote = {"id": number, "do": "vote"} | ballots[number % len(ballots)]
            pressed[number] = time.perf_counter()
            end.send(masked(json.dumps(vote).encode()))
        answered: dict[int, float] = {}
        refused, frames, until = 0, 0, time.perf_counter() + PATIENCE
        while len(answered) < len(ends) and time.perf_counter() < until:
            await asyncio.sleep(0.05)
            for when, _, data in self.heard:
                answered |= {int(number): when for number in ACK.findall(data)}
                refused += data.count(REFUSED)
                frames += len(SEQ.findall(data))
            self.heard.clear()
        return {
            "presses": [(pressed[number], when) for number, when in answered.items()],
            "refused": refused,
            "frames": frames,
            "unanswered": len(ends) - len(answered),
        }

    async def leave(self) -> dict[str, Any]:
        for number, (_, end) in self.sockets.items():
            self.epoll.unregister(number)
            end.close()
        self.sockets.clear()
        self.heard.clear()
        return {}

    async def tell(self) -> dict[str, Any]:
        """When each message came, by server and number, and where each phone's ended."""
        self.drain()
        came: dict[str, dict[int, list[float]]] = {
            "ours": defaultdict(list),
            "theirs": defaultdict(list),
        }
        stamps: dict[int, float] = {}
        for when, whose, data in self.heard:
            for seq, at in SEQ.findall(data):
                came[whose][int(seq)].append(when)
                stamps[int(seq)] = float(at)
        self.heard.clear()
        return {"came": came, "at": stamps, "lost": self.lost, "open": len(self.sockets)}

    async def _post(
        self, stream: socket.socket, port: int, path: str, body: Any, cookie: str = ""
    ) -> tuple[str, bytes]:
        encoded = json.dumps(body)
        return await self._ask(
            stream,
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Cookie: {cookie}\r\nContent-Length: {len(encoded)}\r\n\r\n{encoded}",
        )

    async def _connect(self, port: int, source: str = "") -> socket.socket:
        end = socket.socket()
        end.setblocking(False)
        if source:
            end.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            end.bind((source, 0))
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self.loop.sock_connect(end, ("127.0.0.1", port))
        return end

    async def _ask(self, stream: socket.socket, request: str) -> tuple[str, bytes]:
        await self.loop.sock_sendall(stream, request.encode())
        heard = await self._until(stream, b"\r\n\r\n")
        head, _, body = heard.partition(b"\r\n\r\n")
        told = head.decode().lower()
        length = re.search(r"content-length: (\d+)", told)
        while len(body) < int(length[1]) if length else not body.endswith(b"0\r\n\r\n"):
            body += await self._more(stream)
        return head.decode(), body

    async def _until(self, stream: socket.socket, mark: bytes) -> bytes:
        heard = b""
        while mark not in heard:
            heard += await self._more(stream)
        return heard

    async def _more(self, stream: socket.socket) -> bytes:
        data = await self.loop.sock_recv(stream, 65536)
        if not data:
            raise EOFError("the server hung up")
        return data


async def in_turn(
    one: Callable[[int], Awaitable[None]], phones: int, seconds: float
) -> dict[str, Any]:
    """Let each phone come at its time; how long each took, and what failed."""
    began = time.perf_counter()
    took: list[float] = []
    failed: Counter[str] = Counter()

    async def at_its_time(number: int) -> None:
        await asyncio.sleep(number * seconds / phones)
        start = time.perf_counter()
        try:
            async with asyncio.timeout(30):
                await one(number)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            failed[repr(error)[:100]] += 1
        else:
            took.append(time.perf_counter() - start)

    async with asyncio.TaskGroup() as tasks:
        for number in range(phones):
            tasks.create_task(at_its_time(number))
    return {"seconds": time.perf_counter() - began, "took": took, "failed": failed}


def masked(message: bytes) -> bytes:
    """A client's text frame with an empty mask."""
    size = len(message)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
    return b"\x81" + length + b"\0\0\0\0" + message


async def main() -> None:
    phones = Phones()
    orders = asyncio.StreamReader(limit=2**24)
    await phones.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    known: dict[str, Callable[..., Awaitable[object]]] = {
        "join": phones.join, "subscribe": phones.subscribe, "vote": phones.vote,
        "arrive": phones.arrive, "vote_on_socket": phones.vote_on_socket, "leave": phones.leave,
        "heard": phones.tell,
    }  # fmt: skip
    while line := await orders.readline():
        order = json.loads(line)
        answer = await known[order.pop("do")](**order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
