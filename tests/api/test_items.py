"""/v1/items and /v1/search: list, find, add, change, remove; kept for good, and seen at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import HOSTILE_ID, HOSTILE_NAME, draw

from modiste.api import create_app
from modiste.catalogue import Catalogue
from modiste.errors import CatalogueError
from modiste.recommendation import Recommender

NEW = "/v1/items/boot%2Fperu"


def put(client: TestClient, url: str = NEW, photo: bytes | None = None, headers=None, **fields: str):
    files = {} if photo is None else {"photo": photo}
    return client.put(url, data={"name": "Peru boot", **fields}, files=files, headers=headers)


def kept(shop: Recommender) -> Catalogue:
    """What another process finds on disk."""
    return Catalogue.open(shop.catalogue.folder)


def test_pages_lead_from_one_to_the_next(seller: TestClient) -> None:
    seen, url, pages = [], "/v1/items?limit=4", 0
    while url:
        answer = seller.get(url)
        page = answer.json()
        assert (page["total"], page["limit"], page["offset"]) == (9, 4, 4 * pages)
        seen += [item["id"] for item in page["items"]]
        links = {rel: link for link, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])}
        assert {"first", "last"} <= set(links)
        assert links.get("prev") == (None if not pages else f"/v1/items?offset={4 * pages - 4}&limit=4")
        url, pages = links.get("next"), pages + 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 9
    assert seen[0] == "tee/navy"
    assert seller.get("/v1/items?offset=100").json()["items"] == []


def test_conditions_and_words_choose(seller: TestClient) -> None:
    def ids(**params: object) -> list[str]:
        return [item["id"] for item in seller.get("/v1/items", params=params).json()["items"]]

    assert ids(where="type=bag") == ["bag/navy", "bag/crimson", "bag/black"]
    assert ids(where=["type=bag", "price<=80"]) == ["bag/navy", "bag/crimson"]
    assert set(ids(q="navy")) == {"tee/navy", "dress/navy", "bag/navy"}
    assert ids(q="navy", where="type!=tee", limit=1) == ["dress/navy"]
    answer = seller.get("/v1/items", params={"q": "navy", "where": "type!=tee", "limit": 1})
    assert answer.json()["total"] == 2
    assert "/v1/items?q=navy&where=type%21%3Dtee&offset=1&limit=1" in answer.headers["link"]
    best = seller.get("/v1/search", params={"q": "bags crimson"}).json()["items"]
    assert best[0]["id"] == "bag/crimson"
    assert best[0]["score"] > best[1]["score"] > 0
    assert seller.get("/v1/search?q=umbrella").json() == {"items": []}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("where=nonsense", "expected a condition such as"),
        ("where=price<=cheap", "expected a condition such as"),
        ("where=size=L", "no item has a label of this name; there are: colour, price, type"),
        ("&".join(["where=type=bag"] * 9), "where: "),
        ("q=", "q: "),
        ("limit=101", "limit: "),
    ],
)
def test_what_cannot_be_asked_for(seller: TestClient, query: str, words: str) -> None:
    answer = seller.get(f"/v1/items?{query}")
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_item_comes_and_is_found_at_once_and_for_good(seller: TestClient, shop: Recommender) -> None:
    assert seller.get(NEW).status_code == 404
    photo = draw("boot", "peru")
    answer = put(seller, photo=photo, labels='{"type": "boot"}')
    assert answer.status_code == 201
    assert answer.headers["location"] == NEW
    assert answer.json() == {
        "id": "boot/peru",
        "name": "Peru boot",
        "labels": {"type": "boot"},
        "photo_url": "/v1/catalogue/boot%2Fperu/photo",
    }
    assert seller.get(NEW).json() == answer.json()
    assert seller.get(answer.json()["photo_url"]).content == photo
    found = seller.post("/v1/recommendations", files={"photo": photo}).json()["items"][0]
    assert (found["id"], found["similarity"]) == ("boot/peru", pytest.approx(1, abs=1e-4))
    assert seller.get("/v1/search?q=boots").json()["items"][0]["id"] == "boot/peru"
    item = kept(shop).get("boot/peru")
    assert (item.name, item.photo, item.labels) == ("Peru boot", photo, {"type": "boot"})


def test_putting_twice_is_putting_once(seller: TestClient, shop: Recommender) -> None:
    photo = draw("boot", "peru")
    first = put(seller, photo=photo)
    version = kept(shop).version
    again = put(seller, photo=photo)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["etag"] == first.headers["etag"]
    assert kept(shop).version == version, "nothing was written"


def test_without_a_photo_an_item_keeps_its_own(seller: TestClient, shop: Recommender) -> None:
    url = "/v1/items/tee%2Fnavy"
    before = kept(shop)
    answer = put(seller, url, name="Old tee", labels="{}")
    assert answer.status_code == 200
    after = kept(shop)
    assert (after.get("tee/navy").name, after.get("tee/navy").labels) == ("Old tee", {})
    assert after.photo("tee/navy") == before.photo("tee/navy")
    assert (after.vectors == before.vectors).all()
    assert put(seller, "/v1/items/none").json()["detail"].startswith("A new item needs a photo")
    assert "none" not in kept(shop)


def test_a_photo_can_be_replaced(seller: TestClient) -> None:
    url = "/v1/items/tee%2Fnavy"
    assert put(seller, url, photo=draw("boot", "gold", format="JPEG")).status_code == 200
    best = seller.post("/v1/recommendations", files={"photo": draw("boot", "gold")}).json()["items"][0]
    assert best["id"] == "tee/navy"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"labels": "[1]"}, "labels: expected a JSON object"),
        ({"labels": '{"a": 1}'}, "labels: expected a JSON object"),
        ({"labels": '{"a": "\\ud800"}'}, "labels: expected a JSON object"),
        ({"labels": "{"}, "labels: expected a JSON object"),
        ({"labels": json.dumps({f"l{n}": "" for n in range(65)})}, "at most 64"),
        ({"name": ""}, "name: "),
        ({"name": "x" * 1025}, "name: "),
    ],
)
def test_what_no_item_can_be(seller: TestClient, fields: dict[str, str], words: str) -> None:
    answer = put(seller, photo=draw("bag", "gold"), **fields)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert seller.get(NEW).status_code == 404


def test_what_is_no_photo_changes_nothing(seller: TestClient, shop: Recommender) -> None:
    version = kept(shop).version
    assert put(seller, photo=b"no photo").status_code == 422
    assert put(seller, "/v1/items/tee%2Fnavy", photo=b"").status_code == 422
    assert put(seller, "/v1/items/%2E%2E", photo=draw("bag", "gold")).status_code in (404, 405, 422)
    assert put(seller, "/v1/items/a%00b", photo=draw("bag", "gold")).status_code == 422
    assert kept(shop).version == version


def test_a_hostile_item_is_an_item(seller: TestClient, shop: Recommender) -> None:
    url = "/v1/items/hats%2Fblue%20%221%22%2F%C3%B1%3F%26%23%25"
    assert put(seller, url, draw("bag", "gold"), name=HOSTILE_NAME, labels='{"<b>": "\'"}').status_code == 201
    assert seller.get(url).json()["id"] == HOSTILE_ID
    assert kept(shop).get(HOSTILE_ID).name == HOSTILE_NAME
    assert seller.delete(url).status_code == 204
    assert HOSTILE_ID not in kept(shop)


def test_name_and_labels_change_alone(seller: TestClient, shop: Recommender) -> None:
    url = "/v1/items/tee%2Fnavy"
    change = {"name": "Blue tee", "labels": {"price": "15", "colour": None, "size": "L"}}
    answer = seller.patch(url, json=change)
    assert answer.status_code == 200
    assert answer.json()["name"] == "Blue tee"
    assert answer.json()["labels"] == {"type": "tee", "price": "15", "size": "L"}
    assert kept(shop).get("tee/navy").labels == answer.json()["labels"]
    version = kept(shop).version
    assert seller.patch(url, json=change).headers["etag"] == answer.headers["etag"]
    assert seller.patch(url, json={}).json() == answer.json()
    assert kept(shop).version == version
    assert seller.get("/v1/items?where=size=l").json()["total"] == 1
    assert seller.patch("/v1/items/none", json={}).status_code == 404
    for wrong in ({"nam": "x"}, {"name": ""}, {"labels": {"": "x"}}, {"labels": {"a": 1}}, []):
        assert seller.patch(url, json=wrong).status_code == 422


def test_gone_is_gone_however_often(seller: TestClient, shop: Recommender) -> None:
    url = "/v1/items/tee%2Fnavy"
    assert [seller.delete(url).status_code for _ in range(2)] == [204, 204]
    assert seller.get(url).status_code == 404
    assert "tee/navy" not in kept(shop)
    assert seller.get("/readyz").json()["items"] == 8


def test_only_what_was_seen_is_changed(seller: TestClient, shop: Recommender) -> None:
    url = "/v1/items/tee%2Fnavy"
    seen = seller.get(url).headers["etag"]
    assert seller.get(url, headers={"If-None-Match": f"W/{seen}"}).status_code == 304
    assert put(seller, url, name="Mine", headers={"If-Match": seen}).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        body = {"data": {"name": "Late"}} if method == "PUT" else {"json": {"name": "Late"}}
        body = {} if method == "DELETE" else body
        late = seller.request(method, url, headers={"If-Match": seen}, **body)
        assert late.status_code == 412, method
        assert late.headers["content-type"] == "application/problem+json"
    assert kept(shop).get("tee/navy").name == "Mine"
    photo = draw("bag", "gold")
    assert put(seller, url, photo, headers={"If-None-Match": "*"}).status_code == 412
    assert put(seller, NEW, photo, headers={"If-None-Match": "*"}).status_code == 201
    assert put(seller, "/v1/items/other", photo, headers={"If-Match": "*"}).status_code == 412
    assert seller.delete("/v1/items/other", headers={"If-Match": "*"}).status_code == 412
    assert (
        seller.delete(url, headers={"If-Match": f'"x", {seller.get(url).headers["etag"]}'}).status_code == 204
    )


def test_undo_goes_back_and_a_repeated_request_is_one(seller: TestClient, shop: Recommender) -> None:
    versions = seller.get("/v1/catalogue/versions").json()["versions"]
    assert versions[0]["items"] == 9
    seller.delete("/v1/items/tee%2Fnavy")
    key = {"Idempotency-Key": "once"}
    first = seller.post("/v1/catalogue/undo", headers=key)
    assert first.status_code == 200
    assert first.json()["items"] == 9
    assert seller.get("/v1/items/tee%2Fnavy").status_code == 200
    again = seller.post("/v1/catalogue/undo", headers=key)
    assert again.json() == first.json()
    assert len(kept(shop)) == 9, "the same key is obeyed once"
    assert seller.post("/v1/catalogue/undo", headers=key, json={"to": 1}).status_code == 422
    assert seller.post("/v1/catalogue/undo").json()["items"] == 8, "without a key: forward again"
    assert seller.post("/v1/catalogue/undo", json={"to": versions[0]["version"]}).json()["items"] == 9
    assert seller.post("/v1/catalogue/undo", json={"to": 999}).status_code == 409


def test_undo_does_not_bring_another_model_back(seller: TestClient, shop: Recommender) -> None:
    catalogue = shop.catalogue
    before = catalogue.version
    vectors = dict(zip(catalogue.ids, catalogue.vectors, strict=True))
    kept(shop).switch_over("other", vectors)
    kept(shop).switch_over(shop.encoder.id, vectors)
    answer = seller.post("/v1/catalogue/undo")
    assert answer.status_code == 409
    assert "another model" in answer.json()["detail"]
    assert seller.post("/v1/catalogue/undo", json={"to": before}).status_code == 200


def test_what_cannot_be_kept_is_not_acknowledged(
    seller: TestClient, shop: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise CatalogueError("/secret: no space left on device")

    monkeypatch.setattr(shop.catalogue, "add", full)
    answer = put(seller, photo=draw("boot", "peru"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "secret" not in answer.text
    assert seller.get(NEW).status_code == 404


def test_what_another_process_wrote_is_seen_before_answering(seller: TestClient, shop: Recommender) -> None:
    kept(shop).remove(["tee/navy"])
    assert seller.get("/v1/items").json()["total"] == 8
    assert seller.get("/v1/items/tee%2Fnavy").status_code == 404


WRITES = [
    ("PUT", NEW),
    ("PATCH", "/v1/items/tee%2Fnavy"),
    ("DELETE", "/v1/items/tee%2Fnavy"),
    ("POST", "/v1/catalogue/undo"),
]


@pytest.mark.parametrize(("method", "url"), WRITES)
def test_writing_needs_the_token_where_others_can_reach_it(shop: Recommender, method: str, url: str) -> None:
    def status(client: TestClient, **headers: str) -> int:
        body = {"files": {"photo": draw("boot", "peru")}, "data": {"name": "x"}} if method == "PUT" else {}
        body = {"json": {}} if method in ("PATCH", "POST") else body
        return client.request(method, url, headers=headers, **body).status_code

    closed = TestClient(create_app(shop, allowed_hosts=["*"]), base_url="http://shop.example")
    assert status(closed) == 403
    client = TestClient(create_app(shop, allowed_hosts=["*"], token="s3cret"), base_url="http://shop.example")
    assert status(client) == 401
    assert status(client, Authorization="Bearer wrong") == 401
    assert status(client, Authorization="Bearer s3cret", Origin="http://evil.example") == 403
    assert len(kept(shop)) == 9
    assert client.get("/v1/items").status_code == 200
    allowed = status(client, Authorization="Bearer s3cret")
    assert allowed in (200, 201, 204)


def test_wishes_of_a_recommendation(seller: TestClient, tmp_path: Path) -> None:
    def ask(**wishes: object) -> dict:
        answer = seller.post("/v1/recommendations", files={"photo": draw("tee", "navy", 8)}, data=wishes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    plain = ask()
    assert plain["items"][0]["id"] == "tee/navy"
    assert len(ask(count=5)["items"]) == 5
    assert ask(count=1)["items"] == plain["items"][:1]
    assert ask(count=1)["id"] != plain["id"]
    assert ask(count=1)["confidence"] == plain["confidence"]
    reds = ask(where=["colour=crimson"])
    assert {item["id"] for item in reds["items"]} <= {"tee/crimson", "dress/crimson", "bag/crimson"}
    assert reds["confidence"] < plain["confidence"]
    assert ask(where=["price<=20"])["reason"] == "The filters leave too few items to choose three from."
    assert "tee/black" in {item["id"] for item in ask(text="black tee", count=3)["items"]}
    assert "tee/black" not in {
        item["id"] for item in ask(text="black tee", count=3, exclude="tee/black")["items"]
    }
    assert {item["id"] for item in ask(diverse=0.9)["items"]} != {item["id"] for item in plain["items"]}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"count": "0"}, "count: "),
        ({"count": "21"}, "count: "),
        ({"diverse": "2"}, "diverse: "),
        ({"diverse": "nan"}, "diverse: "),
        ({"diverse": "0.5", "text": "red"}, "leave out one of them"),
        ({"where": "size=L"}, "no item has a label of this name"),
        ({"where": "x"}, "expected a condition"),
    ],
)
def test_wishes_that_cannot_be(seller: TestClient, wish: dict[str, str], words: str) -> None:
    answer = seller.post("/v1/recommendations", files={"photo": draw("tee", "navy")}, data=wish)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
