"""A real server, a real Chromium, and a page that must not fail silently."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from fastapi import FastAPI
from tests.api.fake_shop import FakeRecommender, fake_recommender

from modiste.api import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def shop() -> FakeRecommender:
    return fake_recommender()


@pytest.fixture(scope="module")
def url(shop: FakeRecommender) -> Iterator[str]:
    """Where the shop is served."""
    with serving(create_app(shop)) as url:
        yield url


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    app.openapi()  # makes the routes, which warns; later that would be in the server's thread
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


# Not for the whole session: Playwright's event loop would stand in the way of other tests'.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsing(FLAGS) as browser:
        yield browser


@contextmanager
def browsing(flags: Sequence[str]) -> Iterator[Browser]:
    """A Chromium started with these flags; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium found; on Debian and Ubuntu: apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as drive:
        browser = drive.chromium.launch(executable_path=CHROMIUM, args=list(flags))
        yield browser
        browser.close()


@pytest.fixture
def look(request: pytest.FixtureRequest) -> dict[str, object]:
    """How the browser is set up; a test chooses with ``parametrize("look", [...], indirect=True)``."""
    return getattr(request, "param", {})


@pytest.fixture
def page(chromium: Browser, url: str, look: dict[str, object]) -> Iterator[Page]:
    """The shop's page, open and complete. No script may fail, and nothing be asked of any other server."""
    with visiting(chromium, url, look) as page:
        page.locator("#samples button").first.wait_for()
        yield page


@contextmanager
def visiting(chromium: Browser, url: str, look: dict[str, object], path: str = "/") -> Iterator[Page]:
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 860}, **look})  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda message: failures.append(message.text) if "Policy" in message.text else None)
    page.on("dialog", lambda dialog: failures.append(f"dialog: {dialog.message}"))
    page.on("request", lambda asked: failures.append(asked.url) if is_elsewhere(asked.url, url) else None)
    page.goto(f"{url}{path}")
    yield page
    context.close()
    assert failures == []


def is_elsewhere(asked: str, url: str) -> bool:
    return not asked.startswith((url, f"blob:{url}", "data:"))
