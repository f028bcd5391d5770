"""The simulator serves kubectl, client libraries and curl, and no page of a browser elsewhere."""

import aiohttp
import pytest

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "planted"},
    "spec": {"containers": [{"name": "c", "image": "x"}]},
}
PODS = "/api/v1/namespaces/default/pods"
FEED = "/bench/machines/node1/power"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},  # another port is another site
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8001"},
    ],
)
async def test_a_page_elsewhere_makes_no_pod_and_no_fault(
    http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    for method, path, body in (
        ("POST", PODS, POD),
        ("PUT", FEED, {"plugged": False}),
        ("POST", "/sim/faults", {"kind": "expire"}),
    ):
        async with http.request(method, path, json=body, headers=headers) as answer:
            assert answer.status == 403, (method, path)
            assert (await answer.json())["reason"] == "Forbidden"
    async with http.get("/bench") as answer:
        assert (await answer.json())["machines"]["node1"]["power"]["live"]
    async with http.get(f"{PODS}/planted") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("host", ["localhost:8001", "LOCALHOST", "localhost.", "[::1]:8001", ""])
async def test_what_calls_it_by_an_address_or_its_own_name_is_served(
    http: aiohttp.ClientSession, host: str
) -> None:
    async with http.post(PODS, json=POD, headers={"Host": host} if host else {}) as answer:
        assert answer.status == 201
