"""Photos are fetched from a server on this machine: a good one, and one that does all it should not."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.conftest import make_photo

from modiste.datasets import Listing, open_listing
from modiste.datasets import download as download_module
from modiste.datasets.download import NOT_FETCHED, DownloadLimits, fetch_linked
from modiste.errors import DataError

PHOTO = make_photo(format="JPEG")
QUICK = DownloadLimits(max_bytes=50_000, seconds=1.0, attempts=2, pause=0.01)


class Shop(ThreadingHTTPServer):
    """Photos under ``/photo/…``, and trouble under other names."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.content = PHOTO
        self.at_once = self.most_at_once = 0
        self.turn = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """Clients hang up here on purpose."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shop

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        with self.server.turn:
            self.server.asked[self.path] += 1
            self.server.headers.append(dict(self.headers.items()))
            count = self.server.asked[self.path]
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            getattr(self, self.path.split("/")[1].replace("-", "_"), self.missing)(count)
        finally:
            with self.server.turn:
                self.server.at_once -= 1

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def missing(self, _: int) -> None:
        self.say(404, b"<html>not here</html>")

    def photo(self, _: int) -> None:
        etag = f'"{hash(self.server.content)}"'
        if self.headers.get("If-None-Match") == etag:
            return self.say(304, ETag=etag)
        self.say(200, self.server.content, ETag=etag)

    def pausing(self, _: int) -> None:
        time.sleep(0.1)
        self.say(200, self.server.content)

    def page(self, _: int) -> None:
        self.say(200, b"<!doctype html><title>Sorry</title>", Content_Type="image/jpeg")

    def loop(self, _: int) -> None:
        self.say(302, Location=self.path)

    def hops(self, _: int) -> None:
        left = int(self.path.split("/")[2])
        self.say(307, Location=f"/hops/{left - 1}" if left else "../photo/end.jpg")

    def nowhere(self, _: int) -> None:
        self.say(302)

    def to_file(self, _: int) -> None:
        self.say(302, Location="file:///etc/passwd")

    def to_other_port(self, _: int) -> None:
        self.say(302, Location="http://127.0.0.1:1/x.jpg")

    def promised_huge(self, _: int) -> None:
        self.say(200, PHOTO + bytes(60_000))

    def endless(self, _: int) -> None:
        self.say(200, Transfer_Encoding="chunked", Content_Length="")
        for _ in range(10_000):
            self.wfile.write(b"1000\r\n" + bytes(4096) + b"\r\n")

    def drip(self, _: int) -> None:
        self.say(200, b"", Content_Length="100000")
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def drip_head(self, _: int) -> None:
        for _ in range(100):
            self.wfile.write(b"H")
            self.wfile.flush()
            time.sleep(0.1)

    def silent(self, _: int) -> None:
        time.sleep(5)

    def cut_off(self, _: int) -> None:
        self.say(200, PHOTO[:100], Content_Length=str(len(PHOTO)))
        self.close_connection = True

    def busy_once(self, count: int) -> None:
        if count == 1:
            return self.say(503, Retry_After="0")
        self.say(200, PHOTO)

    def busy(self, _: int) -> None:
        self.say(503)

    def nonsense(self, _: int) -> None:
        self.wfile.write(b"\x16\x03\x01 what?\r\n\r\n")
        self.close_connection = True


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    server = Shop()
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def table(folder: Path, *urls: str) -> Listing:
    folder.mkdir(exist_ok=True)
    rows = "".join(f'{row},"{url}"\n' for row, url in enumerate(urls))
    (folder / "products.csv").write_text("id,photo\n" + rows)
    return open_listing(folder / "products.csv")


def fetch(listing: Listing, **options: Any) -> Listing:
    return fetch_linked(listing, **{"allow_private": True, "limits": QUICK, **options})


def test_photos_are_fetched_once_and_kept(shop: Shop, tmp_path: Path) -> None:
    urls = [f"{shop.url}/photo/{number}.jpg?size=größe {number}" for number in range(20)]
    told: list[tuple[int, int, str]] = []
    listing = fetch(
        table(tmp_path / "t", *urls, urls[0]), progress=lambda done, of, what: told.append((done, of, what))
    )
    assert len(listing) == 21
    assert listing.skipped == ()
    assert {listing.source.read(photo) for photo in listing.photos} == {PHOTO}
    assert told[-1] == (20, 20, "fetching photos")
    assert shop.asked["/photo/7.jpg?size=gr%C3%B6%C3%9Fe%207"] == 1
    assert sum(shop.asked.values()) == 20
    fetch(table(tmp_path / "t", *urls, f"{shop.url}/photo/new.jpg"))
    assert sum(shop.asked.values()) == 21, "only what is new"


def test_asked_again_a_server_sends_only_what_has_changed(shop: Shop, tmp_path: Path) -> None:
    listing = table(tmp_path / "t", f"{shop.url}/photo/1.jpg")
    fetch(listing)
    again = fetch(listing, again=True)
    assert "If-None-Match" in shop.headers[-1]
    assert again.source.read(again.photos[0]) == PHOTO
    shop.content = make_photo("red", format="JPEG")
    changed = fetch(listing, again=True)
    assert changed.source.read(changed.photos[0]) == shop.content
    assert shop.asked["/photo/1.jpg"] == 3


def test_eight_at_a_time(shop: Shop, tmp_path: Path) -> None:
    assert len(fetch(table(tmp_path / "t", *(f"{shop.url}/pausing/{n}" for n in range(24))))) == 24
    assert 2 <= shop.most_at_once <= download_module.PARALLEL


@pytest.mark.parametrize(
    ("path", "told", "asked"),
    [
        ("gone", "its server answers 404 Not Found", 1),
        ("page/a.jpg", "not a photo", 1),
        ("loop", "more than 3 redirects", 4),
        ("hops/4", "more than 3 redirects", 1),
        ("nowhere", "redirect to nowhere", 1),
        ("to-file", "leads to 'file:///etc/passwd'; only http and https", 1),
        ("to-other-port", "no answer .*asked 2 times", 2),
        ("promised-huge", "larger than 0.05 MB", 1),
        ("endless", "larger than 0.05 MB", 1),
        ("drip", "slower than 1 s; asked 2 times", 2),
        ("drip-head", "slower than 1 s; asked 2 times", 2),
        ("silent", "slower than 1 s; asked 2 times", 2),
        ("cut-off", "no answer .cut off.; asked 2 times", 2),
        ("busy", "its server answers 503; asked 2 times", 2),
        ("nonsense", "no answer .*; asked 2 times", 2),
    ],
)
def test_what_goes_wrong_is_said_and_the_rest_is_fetched(
    shop: Shop, tmp_path: Path, path: str, told: str, asked: int
) -> None:
    bad, good = f"{shop.url}/{path}", f"{shop.url}/photo/good.jpg"
    began = time.monotonic()
    listing = fetch(table(tmp_path / "t", bad, good))
    assert time.monotonic() - began < 10
    assert listing.photos == [good]
    [skipped] = listing.skipped
    assert (skipped.name, skipped.reason) == (bad, NOT_FETCHED)
    assert re.search(told, skipped.detail), skipped.detail
    assert "\n" not in skipped.detail
    assert shop.asked[f"/{path}"] == asked


@pytest.mark.parametrize("path", ["busy-once", "hops/2"])
def test_what_is_over_in_a_moment_costs_nothing(shop: Shop, tmp_path: Path, path: str) -> None:
    assert len(fetch(table(tmp_path / "t", f"{shop.url}/{path}"))) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1/a.jpg", "127.0.0.1 is 127.0.0.1, which is not in the public Internet"),
        ("http://localhost/a.jpg", "not in the public Internet"),
        ("http://[::1]/a.jpg", "not in the public Internet"),
        ("http://2130706433/a.jpg", "127.0.0.1"),
        ("http://0x7f.1/a.jpg", "127.0.0.1"),
        ("http://0/a.jpg", "0.0.0.0"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("http://10.0.0.1/a.jpg", "--allow-private"),
        ("http://[::ffff:10.0.0.1]/a.jpg", "not in the public Internet"),
        ("http://user:secret@93.184.215.14/a.jpg", "name or password"),
        ("http://93.184.215.14:99999/a.jpg", "not an address"),
        ("http:///a.jpg", "only http and https"),
        ("http://[half/a.jpg", "not an address"),
        (f"http://{'a' * 64}.example/a.jpg", "not an address"),
    ],
)
def test_only_public_hosts_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("connected")

    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(socket, "create_connection", never)
    listing = fetch_linked(table(tmp_path / "t", url), limits=QUICK)
    assert len(listing) == 0
    assert told in listing.skipped[0].detail


def test_a_redirect_into_ones_own_network_is_refused(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first host passes for a public one; where it sends us does not."""
    monkeypatch.setattr(
        download_module, "is_public", lambda address: address == "127.0.0.1" and not passed.append(address)
    )
    passed: list[str] = []
    monkeypatch.setattr(
        Handler, "to_inside", lambda self, _: self.say(302, Location="http://10.0.0.1/a.jpg"), raising=False
    )
    listing = fetch(table(tmp_path / "t", f"{shop.url}/to-inside"), allow_private=False)
    assert "10.0.0.1, which is not in the public Internet" in listing.skipped[0].detail
    assert passed == ["127.0.0.1"]


def test_a_name_is_looked_up_once_and_the_address_that_was_checked_is_asked(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time ("DNS rebinding") gains nothing."""
    port = shop.server_address[1]
    look_up = socket.getaddrinfo
    asked = []

    def rebinding(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        if host == "shop.example":
            host = "127.0.0.1" if asked.count("shop.example") == 1 else "10.9.9.9"
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    listing = fetch(table(tmp_path / "t", f"http://shop.example:{port}/photo/1.jpg"))
    assert len(listing) == 1
    assert asked.count("shop.example") == 1
    assert shop.headers[0]["Host"] == f"shop.example:{port}"


def test_a_cache_that_cannot_be_written_is_named(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be kept in .*MODISTE_CACHE"):
        fetch(table(tmp_path / "t", f"{shop.url}/photo/1.jpg"))


def test_listings_without_addresses_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(make_photo())
    listing = open_listing(tmp_path)
    assert fetch(listing) is listing
