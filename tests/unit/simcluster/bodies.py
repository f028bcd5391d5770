"""Bodies of requests, as clients send them."""

from typing import Any

import orjson

from chaosmonkey.simcluster.apiserver.negotiation import JSON, Body


def json_body(**obj: Any) -> Body:
    return Body(orjson.dumps(obj), JSON)
