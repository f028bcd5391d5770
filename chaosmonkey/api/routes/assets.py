"""Serve the built scripts, styles and fonts from memory, already compressed.

2,000 phones load them within half a minute. Compressing 60 KB for each would occupy a core of a
Raspberry Pi for that long, and reading files would cost a thread hop for each chunk.
"""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chaosmonkey.api import responses
from chaosmonkey.errors import BadInput

IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control of assets; a build names its files by their content."""

mimetypes.add_type("font/woff2", ".woff2")  # missing from some Raspberry Pis' mime.types


class NoAsset(BadInput):
    """The build has no such file: a page of an older build requested it."""

    status = 404
    title = "Not found"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, and its compressed bytes if they are at least 10 % fewer."""

    kind: str
    plain: bytes
    packed: bytes | None

    @classmethod
    def read(cls, path: Path) -> Asset:
        """Read and compress a file of the build."""
        plain = path.read_bytes()
        packed = gzip.compress(plain, mtime=0)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls(kind, plain, packed if len(packed) < 0.9 * len(plain) else None)


def asset_route(folder: Path) -> Route:
    """Build the route `/assets/NAME` for all files of a folder, read once."""
    assets = {path.name: Asset.read(path) for path in folder.iterdir() if path.is_file()}

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        asset = assets.get(name)
        if asset is None:
            missing = NoAsset(f"There is no {name[:80]} in this build.", remedy="Reload the page.")
            return responses.problem(request, missing)
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.kind)
        return Response(asset.plain, headers=headers, media_type=asset.kind)

    return Route("/assets/{name}", serve)
