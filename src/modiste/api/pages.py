"""The pages for people: the shop at ``/``, its map at ``/map``, the API at ``/docs``; what they are made of.

Everything comes from this server: no script, font or style from elsewhere, so they work without a network.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

__all__ = ["WEB", "page_routes"]

WEB = Path(__file__).parents[1] / "web"


def page_routes(name: str) -> list[BaseRoute]:
    """Routes of the pages, which call the shop ``name``."""

    def page(file: str) -> Route:
        html = (WEB / file).read_text(encoding="utf-8").replace("{name}", escape(name))

        async def show(request: Request) -> HTMLResponse:
            return HTMLResponse(html)

        return Route("/" if file == "index.html" else f"/{Path(file).stem}", show, include_in_schema=False)

    return [
        page("index.html"),
        page("docs.html"),
        page("map.html"),
        Mount("/static", StaticFiles(directory=WEB)),
    ]
