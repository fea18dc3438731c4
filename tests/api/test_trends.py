"""``POST /v1/trends``: what is new among photos that are sent, by those who may write."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender
from tests.catalogue.test_recognition import Colours, photo

from modiste.api import create_app
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.trends.uploads import find_uploaded_trends

RED, BLUE = (200, 40, 40), (40, 40, 200)


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    """Three hundred reddish shirts."""
    made = Catalogue.create(tmp_path / "shop", model_id=Colours.id, dimension=3)
    items = [
        CatalogueItem(str(at), f"Shirt {at}", b"...", "image/png", labels={"articleType": "Shirts"})
        for at in range(300)
    ]
    made.add(items, Colours().embed(np.array(shades(RED, 300, 0), np.uint8)[:, None, None]))
    return made


def shades(middle: tuple[int, int, int], count: int, seed: int) -> list[tuple[int, int, int]]:
    near = np.random.default_rng(seed).normal(middle, 12, (count, 3)).clip(0, 255)
    return [(red, green, blue) for red, green, blue in near.astype(int).tolist()]


def client_of(recommender: FakeRecommender, shop: Catalogue, **options: Any) -> TestClient:
    def find(photos: Sequence[tuple[str, BinaryIO]]) -> dict[str, Any]:
        return find_uploaded_trends(shop, Colours(), photos).as_dict()

    app = create_app(recommender, trends=find, **options)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture
def client(recommender: FakeRecommender, shop: Catalogue) -> TestClient:
    return client_of(recommender, shop)


def files(*photos: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("photos", (name, data, "image/png")) for name, data in photos]


def test_a_group_is_found_and_named(client: TestClient) -> None:
    blues = [(f"rain-poncho_{at}.png", photo(*colour)) for at, colour in enumerate(shades(BLUE, 12, 1))]
    reds = [(f"tee {at}.png", photo(*colour)) for at, colour in enumerate(shades(RED, 30, 2))]
    response = client.post("/v1/trends", files=files(*reds, *blues, ("torn.png", b"no photo")))
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["photos"], found["items"], found["named"]) == (42, 300, 0)
    [group] = found["groups"]
    assert group["name"] == "Poncho"
    assert group["near"] == ["Shirts"]
    places = {each["photo"] for each in group["photos"]}
    assert len(places & set(range(30, 42))) >= 10
    assert len({each["photo"] for each in found["new"]} & set(range(30, 42))) >= 6
    [torn] = found["skipped"]
    assert torn["photo"] == 42
    assert torn["detail"]


def test_what_cannot_be_is_a_problem(client: TestClient, shop: Catalogue) -> None:
    one = ("a.png", photo(*BLUE))
    for wrong in (files(one), files(*[one] * 51), None):
        response = client.post("/v1/trends", files=wrong)
        assert response.status_code in (400, 422)
        assert response.headers["content-type"] == "application/problem+json"
    assert client.post("/v1/trends", files=files(*[one] * 50)).status_code == 200
    shop.remove(shop.ids[40:])
    response = client.post("/v1/trends", files=files(one, one))
    assert (response.status_code, "50 are needed" in response.json()["detail"]) == (409, True)


def test_trends_take_more_than_other_requests_but_not_all(client: TestClient) -> None:
    file = io.BytesIO()
    Image.new("RGB", (60, 80)).save(file, "BMP")
    large = ("a.bmp", file.getvalue() + bytes(12_000_000))
    assert client.post("/v1/trends", files=files(large, large)).status_code == 200
    response = client.post("/v1/trends", files=files(large, ("b.bmp", bytes(20_000_001))))
    assert (response.status_code, "20 MB of a photo" in response.json()["detail"]) == (413, True)
    promised = {"Content-Length": "101000000", "Content-Type": "multipart/form-data; boundary=x"}
    response = client.post("/v1/trends", content=b"", headers=promised)
    assert (response.status_code, "100 MB" in response.json()["detail"]) == (413, True)


def test_it_takes_the_token(recommender: FakeRecommender, shop: Catalogue) -> None:
    anyone = client_of(recommender, shop, allowed_hosts=["*"], token="secret")
    two = files(("a.png", photo(*RED)), ("b.png", photo(*BLUE)))
    assert anyone.post("/v1/trends", files=two).status_code == 401
    shown = {"Authorization": "Bearer secret"}
    assert anyone.post("/v1/trends", files=two, headers=shown).status_code == 200


def test_only_a_server_that_finds_trends_has_the_address(recommender: FakeRecommender) -> None:
    client = TestClient(create_app(recommender), base_url="http://localhost")
    assert client.post("/v1/trends").status_code == 404
