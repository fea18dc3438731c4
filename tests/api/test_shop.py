"""The catalogue over HTTP, whatever its ids are."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import HOSTILE_ID, HOSTILE_NAME, FakeCatalogue, FakeItem, FakeRecommender, draw

import modiste
from modiste.api import create_app
from modiste.errors import CatalogueError


def test_pages_cover_the_catalogue_once(client: TestClient) -> None:
    seen = []
    for offset in range(0, 40, 7):
        page = client.get("/v1/catalogue", params={"offset": offset, "limit": 7}).json()
        assert (page["total"], page["offset"], page["limit"]) == (31, offset, 7)
        assert page["model_id"] == "fake-0123456789ab"
        seen += page["items"]
    assert len(seen) == len({item["id"] for item in seen}) == 31
    assert seen[0] == {
        "id": "tee/crimson",
        "name": "Crimson tee",
        "labels": {"type": "tee"},
        "photo_url": "/v1/catalogue/tee%2Fcrimson/photo",
    }
    assert seen[-1]["name"] == HOSTILE_NAME


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "limit=1e3", "offset=-1", "offset=", f"offset={10**30}"],
)
def test_a_stretch_that_cannot_be(client: TestClient, query: str) -> None:
    response = client.get(f"/v1/catalogue?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith(f"{query.split('=')[0]}: ")


def test_every_photo_is_where_it_is_said_to_be(client: TestClient) -> None:
    for item in client.get("/v1/catalogue", params={"limit": 100}).json()["items"]:
        response = client.get(item["photo_url"])
        assert response.status_code == 200
        assert response.headers["content-type"] == "image/png"
        assert response.content.startswith(b"\x89PNG")


STRANGE_IDS = [
    "a/photo",
    "/a",
    "a//b/",
    "a/../b",
    "ü/日本",
    "'\"<>",
    "a b+c",
    "?x=1&y#z",
    "\\",
    "a;b",
    "0",
]


@pytest.mark.parametrize("id", [*STRANGE_IDS, HOSTILE_ID])
def test_ids_may_be_strange(id: str) -> None:
    shop = FakeRecommender([FakeItem(id, "Strange", draw("bag", "navy"), labels={})])
    client = TestClient(create_app(shop), base_url="http://localhost")
    (item,) = client.get("/v1/catalogue").json()["items"]
    assert item["id"] == id
    assert client.get(item["photo_url"]).content == draw("bag", "navy")
    answer = client.post("/v1/recommendations", files={"photo": draw("bag", "navy")}).json()
    assert answer["items"][0]["photo_url"] == item["photo_url"]
    gone = client.post(
        "/v1/recommendations", files={"photo": draw("bag", "navy")}, data={"exclude": id}
    ).json()
    assert gone["items"] == []


@pytest.mark.parametrize(
    "id", ["nope", "tee", "../../../etc/passwd", "x" * 3000, "\0", "'; DROP TABLE items; --"]
)
def test_an_unknown_id_is_not_found(client: TestClient, id: str) -> None:
    response = client.get(f"/v1/catalogue/{quote(id, safe='')}/photo")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == "The catalogue has no item of this id."


def test_an_id_that_is_no_text_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/catalogue/%ff%fe/photo").status_code == 404


def test_a_photo_is_sent_once(client: TestClient) -> None:
    url = "/v1/catalogue/tee%2Fnavy/photo"
    first = client.get(url)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["x-content-type-options"] == "nosniff"
    again = client.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(url, headers={"If-None-Match": '"another"'}).status_code == 200
    assert client.get("/v1/catalogue/tee%2Fblack/photo").headers["etag"] != etag


def test_a_photo_that_is_none_is_not_shown_as_a_page(recommender: FakeRecommender) -> None:
    evil = FakeItem("1", "Evil", b"<script>alert(1)</script>", media_type="text/html")
    recommender.catalogue = FakeCatalogue([evil])
    client = TestClient(create_app(recommender), base_url="http://localhost")
    assert client.get("/v1/catalogue/1/photo").headers["content-type"] == "application/octet-stream"


def test_a_damaged_catalogue_is_our_failure(
    client: TestClient, recommender: FakeRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(id: str) -> None:
        raise CatalogueError("damaged")

    monkeypatch.setattr(recommender.catalogue, "photo", fail)
    assert client.get("/v1/catalogue/tee%2Fnavy/photo").status_code == 500


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {
        "status": "ok",
        "name": "Modiste",
        "items": 31,
        "model_id": "fake-0123456789ab",
        "version": modiste.__version__,
    }
