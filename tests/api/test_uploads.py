"""Bodies that are too large, too slow or lie about their size, handed over as a server would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from tests.api.fake_shop import FakeRecommender, draw

from modiste.api import create_app
from modiste.api.app import FORM_BYTES
from modiste.photos import MAX_BYTES

LIMIT = MAX_BYTES + FORM_BYTES
HEAD = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"


class Exchange:
    """One POST: ``chunks`` are handed to the application as it asks for them; what it answers is kept."""

    def __init__(self, chunks: Iterator[bytes], seconds_each: float = 0, **headers: str) -> None:
        self.chunks = chunks
        self.seconds_each = seconds_each
        self.headers = headers
        self.taken = 0
        self.status = 0
        self.answer: dict[str, Any] = {}

    async def receive(self) -> dict[str, Any]:
        await anyio.sleep(self.seconds_each)
        chunk = next(self.chunks, None)
        if chunk is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        self.taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["body"]:
            self.answer = json.loads(message["body"])

    def run(self, recommender: FakeRecommender, path: str = "/v1/recommendations", **limits: Any) -> Exchange:
        sent = {"host": "localhost", "content-type": "multipart/form-data; boundary=x", **self.headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
        }
        anyio.run(create_app(recommender, **limits), scope, self.receive, self.send)
        return self


def forever(chunk: bytes = bytes(1_000_000)) -> Iterator[bytes]:
    yield HEAD
    while True:
        yield chunk


def photo() -> Iterator[bytes]:
    yield from (HEAD, draw("tee", "navy"), TAIL)


def test_a_body_in_chunks_is_read(recommender: FakeRecommender) -> None:
    assert Exchange(photo(), transfer_encoding="chunked").run(recommender).answer["shown"] is True


@pytest.mark.parametrize(
    "headers",
    [
        {"transfer_encoding": "chunked"},
        {"content_length": "100"},
        {"content_length": str(2 * LIMIT)},
        {"content_length": "-1"},
        {"content_length": "1" * 5000},
        {"content_length": "٣"},
    ],
    ids=["chunked", "understated", "honest", "negative", "huge", "foreign digits"],
)
def test_an_endless_body_is_refused_and_not_kept(
    recommender: FakeRecommender, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = 0

    def count(file: object, data: bytes) -> int:
        nonlocal kept
        kept += len(data)
        return len(data)

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", count)
    exchange = Exchange(forever(), **headers).run(recommender)
    assert exchange.status == 413
    assert exchange.answer["detail"] == "At most 20 MB are read; make the photo smaller."
    assert kept <= LIMIT
    assert exchange.taken <= 101_000_000, "it is not listened to for ever"


def test_one_who_waits_for_permission_is_refused_before_sending(recommender: FakeRecommender) -> None:
    exchange = Exchange(forever(), expect="100-continue", content_length=str(2 * LIMIT)).run(recommender)
    assert (exchange.status, exchange.taken) == (413, 0)


@pytest.mark.parametrize("path", ["/v1/recommendations", "/nothing/here"])
def test_every_address_is_protected(recommender: FakeRecommender, path: str) -> None:
    exchange = Exchange(forever(), transfer_encoding="chunked").run(recommender, path)
    assert exchange.status in (404, 413)
    assert exchange.taken <= 101_000_000


def test_a_slow_body_is_not_waited_for(recommender: FakeRecommender) -> None:
    exchange = Exchange(forever(b"slow"), seconds_each=0.02).run(recommender, upload_seconds=0.1)
    assert exchange.status == 408
    assert exchange.answer["detail"] == "The photo took too long to arrive; try again."


def test_one_who_leaves_does_no_harm(recommender: FakeRecommender) -> None:
    exchange = Exchange(iter([HEAD]))
    first = exchange.receive

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"} if exchange.taken else await first()

    exchange.receive = receive  # type: ignore[method-assign]
    assert exchange.run(recommender).status == 400
