"""`python -m chaosmonkey.api` prints the OpenAPI document for docs/openapi.json."""

import sys

import orjson
from fastapi import FastAPI

from chaosmonkey.api.openapi import document
from chaosmonkey.api.routes.all import add_routes


def main() -> None:
    """Print the document with a fixed version, so that it changes only with the API."""
    app = FastAPI(title="chaosmonkey", version="1", docs_url=None, redoc_url=None)
    add_routes(app)
    text = orjson.dumps(document(app), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    sys.stdout.write(text.decode() + "\n")


if __name__ == "__main__":
    main()
