"""Forms of one small photo: read at a glance, and never otherwise than the ordinary way reads them."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender, draw
from tests.api.test_uploads import Exchange

from modiste.api.photo_form import only_photo

URL = "/v1/recommendations"
TYPE = "multipart/form-data; boundary=x-1"
HEAD = (
    b'--x-1\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
)
TAIL = b"\r\n--x-1--\r\n"


def ordinarily(content_type: str, body: bytes) -> list[tuple[str, str | bytes]] | None:
    """All fields of a form as Starlette reads them, in pieces; None if it is broken."""

    async def read() -> list[tuple[str, str | bytes]]:
        async def pieces() -> AsyncGenerator[bytes]:
            yield body[:50]
            yield body[50:]

        headers = Headers({"content-type": content_type})
        form = await MultiPartParser(headers, pieces()).parse()
        try:
            fields = form.multi_items()
            return [(name, await it.read() if isinstance(it, UploadFile) else it) for name, it in fields]
        finally:
            await form.close()

    try:
        return anyio.run(read)
    except MultiPartException:
        return None


@pytest.mark.parametrize("photo", [b"", b"\r\n", b"--x-1", b"\r\n--x", b"-", bytes(range(256)) * 9])
def test_a_lone_photo_is_found(photo: bytes) -> None:
    assert only_photo(TYPE, HEAD + photo + TAIL) == photo
    assert ordinarily(TYPE, HEAD + photo + TAIL) == [("photo", photo)]


def test_what_clients_send_is_known_at_a_glance() -> None:
    sent = httpx.Request("POST", "http://localhost", files={"photo": ("blå skjorta.jpg", b"photo")})
    assert only_photo(sent.headers["content-type"], sent.read()) == b"photo"
    browser = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    body = (HEAD + b"photo" + TAIL).replace(b"x-1", browser.encode())
    assert only_photo(f"multipart/form-data; boundary={browser}", body) == b"photo"


OTHERS = {
    "another boundary": ("multipart/form-data; boundary=x", HEAD + TAIL),
    "a quoted boundary": ('multipart/form-data; boundary="x-1"', HEAD + TAIL),
    "a charset": (TYPE + "; charset=utf-16", HEAD + TAIL),
    "another type": ("multipart/mixed; boundary=x-1", HEAD + TAIL),
    "another name": (TYPE, HEAD.replace(b"photo", b"PHOTO") + TAIL),
    "a text": (TYPE, HEAD.replace(b'; filename="a.jpg"', b"") + TAIL),
    "a file without a name": (TYPE, HEAD.replace(b"a.jpg", b"") + TAIL),
    "two photos": (TYPE, HEAD + b"\r\n" + HEAD + TAIL),
    "no end": (TYPE, HEAD + b"photo"),
    "something behind": (TYPE, HEAD + TAIL + b"more"),
    "something before": (TYPE, b"\r\n" + HEAD + TAIL),
    "an encoding": (TYPE, HEAD[:-2] + b"Content-Transfer-Encoding: base64\r\n\r\n" + TAIL),
    "nothing": (TYPE, b""),
}


@pytest.mark.parametrize("what", OTHERS)
def test_all_else_is_left_to_the_ordinary_way(what: str) -> None:
    assert only_photo(*OTHERS[what]) is None


@given(st.data())
def test_it_never_reads_what_the_ordinary_way_does_not(data: st.DataObject) -> None:
    """Pieces of forms in any order, cut anywhere."""
    pieces = [HEAD, TAIL, b"\r\n", b"\r\n--x-1", b"--x-1\r\n", b"--", b"photo", HEAD[:7], HEAD[7:]]
    body = b"".join(data.draw(st.lists(st.sampled_from(pieces), max_size=6)))
    start = data.draw(st.sampled_from([b"", HEAD]))
    end = data.draw(st.sampled_from([b"", TAIL]))
    form = start + body + end
    photo = only_photo(TYPE, form)
    if photo is not None:
        assert ordinarily(TYPE, form) == [("photo", photo)]


def test_both_ways_lead_to_the_same_answer(client: TestClient) -> None:
    files = {"photo": ("query.png", draw("tee", "navy"), "image/png")}
    quick = client.post(URL, files=files)
    usual = client.post(URL, files=files, data={"exclude": "no such item"})
    assert quick.status_code == usual.status_code == 200
    assert quick.content == usual.content
    differing = {"x-request-id"}
    assert {name: value for name, value in quick.headers.items() if name not in differing} == {
        name: value for name, value in usual.headers.items() if name not in differing
    }


def test_one_who_leaves_a_small_form_does_no_harm(recommender: FakeRecommender) -> None:
    exchange = Exchange(iter([HEAD]), content_length="2000")
    first = exchange.receive

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"} if exchange.taken else await first()

    exchange.receive = receive  # type: ignore[method-assign]
    assert exchange.run(recommender).status == 400


def test_a_small_form_that_comes_slowly_is_not_waited_for(recommender: FakeRecommender) -> None:
    pieces = iter([HEAD] + [b"slow"] * 100)
    exchange = Exchange(pieces, seconds_each=0.02, content_length="1000")
    assert exchange.run(recommender, upload_seconds=0.1).status == 408
