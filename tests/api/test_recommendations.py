"""POST /v1/recommendations: answers, silence, and everything that is no photo."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.api.fake_shop import HOSTILE_ID, HOSTILE_NAME, FakeRecommender, draw

from modiste.api import create_app, recommendations
from modiste.errors import ModisteError
from modiste.photos import MAX_BYTES

URL = "/v1/recommendations"


def test_similar_items(client: TestClient) -> None:
    response = client.post(URL, files={"photo": ("query.jpg", draw("tee", "navy", 9, "JPEG"))})
    assert response.status_code == 200
    answer = response.json()
    assert answer["shown"] is True
    assert answer["reason"] is None
    assert answer["threshold"] == 0.6 <= answer["confidence"] <= 1
    best, *others = answer["items"]
    assert len(others) == 2
    assert best["name"] == "Navy tee"
    assert best["similarity"] > max(item["similarity"] for item in others)
    assert client.get(best["photo_url"]).content == draw("tee", "navy")


def test_silence_says_why(client: TestClient) -> None:
    file = io.BytesIO()
    Image.effect_noise((90, 120), 80).save(file, "PNG")
    answer = client.post(URL, files={"photo": file.getvalue()}).json()
    assert answer["shown"] is False
    assert answer["items"] == []
    assert answer["confidence"] < answer["threshold"]
    assert answer["reason"] == "None of our pieces looks enough like this photo."


def test_excluded_items_stay_out(client: TestClient) -> None:
    photo = {"photo": draw("bag", "gold")}
    assert client.post(URL, files=photo).json()["items"][0] == {
        "id": HOSTILE_ID,
        "name": HOSTILE_NAME,
        "similarity": 1.0,
        "photo_url": "/v1/catalogue/hats%2Fblue%20%221%22%2F%C3%B1%3F%26%23%25/photo",
    }
    form = {"exclude": [HOSTILE_ID, "bag/crimson", "no such id"]}
    ids = {item["id"] for item in client.post(URL, files=photo, data=form).json()["items"]}
    assert len(ids) == 3
    assert not ids & {HOSTILE_ID, "bag/crimson"}


def bomb(width: int, height: int) -> bytes:
    """A few kilobytes of PNG that would unpack to ``width`` × ``height`` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


NO_PHOTOS = {
    "empty": (b"", "An empty file"),
    "text": (b"hello, this is no photo", "Not a photo"),
    "script": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "Not a photo"),
    "truncated": (draw("tee", "navy", 40, "JPEG")[:900], "damaged or cut off"),
    "header only": (b"\xff\xd8\xff\xe0" + bytes(40), "damaged"),
    "100 megapixels": (bomb(10_000, 10_000), "100.0 megapixels"),
    "wider than anything": (bomb(2**31 - 1, 2**31 - 1), ""),
}


@pytest.mark.parametrize("what", NO_PHOTOS)
def test_what_is_no_photo_gets_a_clear_answer(client: TestClient, what: str) -> None:
    data, words = NO_PHOTOS[what]
    response = client.post(URL, files={"photo": ("photo.jpg", data, "image/jpeg")})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "about:blank"
    assert problem["title"] == "Unprocessable Entity"
    assert problem["status"] == 422
    assert words in problem["detail"]
    assert problem["detail"].endswith(".")
    assert problem["detail"][0].isupper() or problem["detail"][0].isdecimal()


def test_a_photo_of_more_than_20_mb_is_too_large(client: TestClient) -> None:
    response = client.post(URL, files={"photo": draw("tee", "navy").ljust(MAX_BYTES + 1)})
    assert response.status_code == 413
    assert response.json()["detail"] == "At most 20 MB are read; make the photo smaller."


FILE_EXPECTED = "Send one photo as the file field “photo” of a form (multipart/form-data)."


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"data": {"photo": "not a file"}},
        {"json": {"photo": "aGVsbG8="}},
        {"files": {"picture": b"under another name"}},
        {"content": b"raw bytes", "headers": {"content-type": "image/png"}},
        {"content": b"", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ],
    ids=["nothing", "text field", "JSON", "another name", "raw", "empty form"],
)
def test_a_missing_photo_is_asked_for(client: TestClient, request_: dict[str, object]) -> None:
    response = client.post(URL, **request_)  # type: ignore[arg-type]
    assert response.status_code == 422
    assert response.json()["detail"] == FILE_EXPECTED


def form(*parts: bytes, headers: bytes = b'form-data; name="photo"; filename="x"') -> bytes:
    """A body of multipart/form-data with the boundary ``x``."""
    return b"".join(
        b"--x\r\nContent-Disposition: " + headers + b"\r\n\r\n" + part + b"\r\n" for part in parts
    )


BROKEN_FORMS = {
    "no boundary": ("multipart/form-data", form(b"a") + b"--x--\r\n"),
    "another boundary": ("multipart/form-data; boundary=y", form(b"a") + b"--x--\r\n"),
    "garbage": ("multipart/form-data; boundary=x", bytes(range(256)) * 40),
    "two files": ("multipart/form-data; boundary=x", form(b"a", b"b") + b"--x--\r\n"),
    "nameless part": ("multipart/form-data; boundary=x", form(b"a", headers=b"form-data") + b"--x--\r\n"),
    "endless header": ("multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 100_000),
    "many fields": (
        "multipart/form-data; boundary=x",
        form(*[b"1"] * 40, headers=b'form-data; name="exclude"') + b"--x--\r\n",
    ),
    "long field": (
        "multipart/form-data; boundary=x",
        form(b"1" * 50_000, headers=b'form-data; name="exclude"') + b"--x--\r\n",
    ),
    "lone surrogate": (
        "multipart/form-data; boundary=x; charset=unicode_escape",
        form(draw("tee", "navy")) + form(b"\\ud800", headers=b'form-data; name="exclude"') + b"--x--\r\n",
    ),
    "strange charset": (
        "multipart/form-data; boundary=x; charset=idna",
        form(b"\xff.", headers=b'form-data; name="exclude"') + b"--x--\r\n",
    ),
}


@pytest.mark.parametrize("what", BROKEN_FORMS)
def test_broken_forms_get_a_clear_answer(client: TestClient, what: str) -> None:
    content_type, body = BROKEN_FORMS[what]
    response = client.post(URL, content=body, headers={"content-type": content_type})
    assert response.status_code in (400, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "x\0y.jpg", "a" * 255, "<script>alert(1)</script>.jpg", "ñ “'\";\\.jpg"]
)
def test_file_names_do_not_matter(client: TestClient, name: str) -> None:
    response = client.post(URL, files={"photo": (name, draw("tee", "navy"), "text/html")})
    assert response.status_code == 200
    assert response.json()["shown"]
    assert name not in response.text


def test_our_own_failure_is_named_as_such(
    client: TestClient, recommender: FakeRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **more: object) -> None:
        raise ModisteError("/secret/path: damaged")

    monkeypatch.setattr(recommender, "recommend", fail)
    response = client.post(URL, files={"photo": draw("tee", "navy")})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "the server's log has the cause" in response.json()["detail"]
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]


def test_only_so_many_photos_at_a_time(recommender: FakeRecommender) -> None:
    """Two workers, room for five: of eight requests five are answered, two at a time; three are sent away.

    The photos are a few kilobytes that unpack to many pixels.
    """
    file = io.BytesIO()
    Image.new("RGB", (1200, 1600), "navy").save(file, "PNG")
    photo = file.getvalue()
    assert len(photo) < recommendations.SMALL_BYTES < recommendations.SMALL_PIXELS < 1200 * 1600
    app = create_app(recommender, workers=2, uploads_at_once=5)
    recommender.turnstile.clear()
    with TestClient(app, base_url="http://localhost") as client, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(client.post, URL, files={"photo": photo}) for _ in range(8)]
        threading.Timer(20, recommender.turnstile.set).start()
        while sum(request.done() for request in asked) < 3 and not recommender.turnstile.is_set():
            time.sleep(0.01)
        refused = [request.result() for request in asked if request.done()]
        assert client.get("/healthz").status_code == 200, "looking is possible however many ask"
        recommender.turnstile.set()
        statuses = sorted(request.result().status_code for request in asked)
        assert statuses == [200] * 5 + [503] * 3
        assert recommender.most == 2
        assert client.post(URL, files={"photo": draw("tee", "navy")}).status_code == 200, (
            "there is room again"
        )
    assert refused[0].headers["retry-after"] == "2"
    assert refused[0].json()["detail"] == "Many photos are being looked at; try again in a moment."


def test_small_photos_are_looked_at_together(recommender: FakeRecommender) -> None:
    app = create_app(recommender, workers=2)
    recommender.turnstile.clear()
    with TestClient(app, base_url="http://localhost") as client, ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(client.post, URL, files={"photo": draw("tee", "navy")}) for _ in range(5)]
        threading.Timer(20, recommender.turnstile.set).start()
        while recommender.now < 5 and not recommender.turnstile.is_set():
            time.sleep(0.01)
        recommender.turnstile.set()
        assert [request.result().status_code for request in asked] == [200] * 5
    assert recommender.most == 5
