"""The pages for people, and what they are made of: the shop at ``/``, the API's description at ``/docs``.

Everything comes from this server: no script, font or style from elsewhere, so they work without a network.
A page's ``{name}`` becomes the shop's name, its ``{header}`` the name with the way to the other pages; what
several pages have in common stands in ``web/parts``, and ``{head}`` becomes ``head.html``.
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
PARTS = WEB / "parts"

# What the header leads to, by address.
PAGES = {
    "/": "Shop",
    "/classify": "Classify",
    "/catalogue": "Catalogue",
    "/map": "Map",
    "/quality": "Quality",
}


def page_routes(name: str) -> list[BaseRoute]:
    """Routes of the pages, which call the shop ``name``."""
    there = {path: title for path, title in PAGES.items() if _file(path).exists()}

    def page(path: str) -> Route:
        html = _file(path).read_text(encoding="utf-8")
        for part in PARTS.glob("*.html"):
            html = html.replace(f"{{{part.stem}}}", part.read_text(encoding="utf-8").strip())
        html = html.replace("{header}", _header(there, path)).replace("{name}", escape(name))

        async def show(request: Request) -> HTMLResponse:
            return HTMLResponse(html)

        return Route(path, show, include_in_schema=False)

    pages = [page(path) for path in (*there, "/docs")]
    return [*pages, Mount("/static", StaticFiles(directory=WEB))]


def _file(path: str) -> Path:
    return WEB / ("index.html" if path == "/" else f"{path.strip('/')}.html")


def _header(pages: dict[str, str], here: str) -> str:
    mark = ' aria-current="page"'
    links = "".join(
        f'<a href="{path}"{mark if path == here else ""}>{title}</a>' for path, title in pages.items()
    )
    return (
        '<header class="top"><h1 class="wordmark"><a href="/">{name}</a></h1>'
        f'<nav class="pages" aria-label="Pages">{links}</nav></header>'
    )
