"""The same over a catalogue on disk and the real recommender; only the encoder is a fake."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import COLOURS, HOSTILE_ID, HOSTILE_NAME, SHAPES, draw

from modiste.api import create_app
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.embedding import Encoder, embed_photo
from modiste.recommendation import Confidence, Recommender


@pytest.fixture
def client(tmp_path: Path, encoder: Encoder) -> TestClient:
    items = [
        CatalogueItem.from_photo(f"{shape}/{colour}", f"{colour} {shape}", draw(shape, colour))
        for shape in SHAPES
        for colour in COLOURS
    ]
    items.append(CatalogueItem.from_photo(HOSTILE_ID, HOSTILE_NAME, draw("bag", "gold"), labels={"<b>": "'"}))
    catalogue = Catalogue.create(tmp_path / "shop", model_id=encoder.id, dimension=encoder.dimension)
    catalogue.add(items, [embed_photo(encoder, item.photo)[0] for item in items])
    sure = Confidence(names=("first",), mean=(0.9,), scale=(0.02,), weights=(3.0,), intercept=0.0)
    return TestClient(create_app(Recommender(encoder, catalogue, sure, 0.5)), base_url="http://localhost")


def test_it_recommends(client: TestClient) -> None:
    answer = client.post("/v1/recommendations", files={"photo": draw("bag", "gold", 8)}).json()
    assert answer["shown"] is True
    assert answer["threshold"] == 0.5
    assert len(answer["items"]) == 3
    best = answer["items"][0]
    assert (best["id"], best["name"]) == (HOSTILE_ID, HOSTILE_NAME)
    assert client.get(best["photo_url"]).content == draw("bag", "gold")
    without = client.post(
        "/v1/recommendations", files={"photo": draw("bag", "gold", 8)}, data={"exclude": HOSTILE_ID}
    ).json()
    assert HOSTILE_ID not in [item["id"] for item in without["items"]]
    assert without["confidence"] < answer["confidence"]


def test_it_refuses_what_is_no_photo(client: TestClient) -> None:
    response = client.post("/v1/recommendations", files={"photo": b"no photo"})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("Not a photo")


def test_it_lists_the_catalogue(client: TestClient) -> None:
    page = client.get("/v1/catalogue", params={"offset": 30, "limit": 5}).json()
    assert page["total"] == 31
    assert [(item["id"], item["labels"]) for item in page["items"]] == [(HOSTILE_ID, {"<b>": "'"})]
    assert client.get("/v1/catalogue", params={"offset": 2**31 - 1}).json()["items"] == []
    assert client.get("/v1/catalogue/nope/photo").status_code == 404
    assert client.get("/healthz").json()["items"] == 31
