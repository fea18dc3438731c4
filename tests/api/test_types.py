"""The routes of ``/v1/types``, with a real catalogue behind them and a recommender that is not asked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender
from tests.catalogue.test_recognition import Colours, add, photo

from modiste.api import create_app
from modiste.catalogue import Catalogue, NamedTypes, TypeRecogniser

BLUE = (35, 35, 210)


@pytest.fixture
def types(tmp_path: Path) -> TypeRecogniser:
    shop = Catalogue.create(tmp_path / "shop", model_id=Colours.id, dimension=3)
    shades = np.arange(12)
    add(shop, [{"articleType": "Shirts"}] * 12, [(200 + int(at), 30, 40) for at in shades])
    add(shop, [{"articleType": "Bags"}] * 12, [(30, 200 + int(at), 40) for at in shades])
    return TypeRecogniser(Colours(), shop)


@pytest.fixture
def client(recommender: FakeRecommender, types: TypeRecogniser) -> Iterator[TestClient]:
    app = create_app(recommender, types=types)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def files(*colours: tuple[int, int, int]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("photos", (f"{at}.png", photo(*colour), "image/png")) for at, colour in enumerate(colours)]


def recognised(client: TestClient, colour: tuple[int, int, int], **query: int) -> list[dict[str, object]]:
    response = client.post("/v1/types/recognise", files={"photo": photo(*colour)}, params=query)
    assert response.status_code == 200, response.text
    return response.json()["types"]


def test_naming_recognising_and_forgetting(client: TestClient) -> None:
    catalogue = [
        {"name": "Bags", "photos": 12, "kind": "catalogue"},
        {"name": "Shirts", "photos": 12, "kind": "catalogue"},
    ]
    assert client.get("/v1/types").json() == {"types": catalogue}
    named = {"name": "Ponchos & Co/1", "photos": 2, "kind": "named"}
    address = "/v1/types/Ponchos%20%26%20Co%2F1"
    for _ in range(2):  # the same twice is the same once
        response = client.put(address, files=files(BLUE, (30, 40, 220)))
        assert (response.status_code, response.json()) == (200, named)
    assert client.get("/v1/types").json() == {"types": [*catalogue, named]}
    best = recognised(client, BLUE)[0]
    assert (best["name"], best["kind"]) == (named["name"], "named")
    assert [each["name"] for each in recognised(client, (210, 30, 40), k=1)] == ["Shirts"]
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404
    assert client.get("/v1/types").json() == {"types": catalogue}


def test_twenty_photos_and_no_more(client: TestClient) -> None:
    assert client.put("/v1/types/Ponchos", files=files(*[BLUE] * 20)).json()["photos"] == 20
    for wrong in (files(*[BLUE] * 21), None):
        response = client.put("/v1/types/Capes", files=wrong)
        assert response.status_code in (400, 422)
        assert response.headers["content-type"] == "application/problem+json"
    assert [each["name"] for each in client.get("/v1/types").json()["types"]][2:] == ["Ponchos"]


def test_what_cannot_be_is_a_problem(client: TestClient) -> None:
    no_photo = [*files(BLUE), ("photos", ("x.png", b"no photo", "image/png"))]
    assert client.put("/v1/types/Ponchos", files=no_photo).status_code == 422
    response = client.put("/v1/types/%20Ponchos", files=files(BLUE))
    assert (response.status_code, "Not a name for a type" in response.json()["detail"]) == (422, True)
    assert client.put(f"/v1/types/{'x' * 101}", files=files(BLUE)).status_code == 422
    assert client.post("/v1/types/recognise", files={"photo": b"no photo"}).status_code == 422
    assert len(client.get("/v1/types").json()["types"]) == 2


def test_types_of_another_model_and_damage(client: TestClient, types: TypeRecogniser) -> None:
    NamedTypes(types.catalogue.folder, "others-111111111111", 3).put("Capes", [[1.0, 0.0, 0.0]], ["a"])
    assert client.get("/v1/types").status_code == 409
    assert client.put("/v1/types/Ponchos", files=files(BLUE)).status_code == 409
    types.named.file.write_bytes(b"not much of a file")
    response = client.post("/v1/types/recognise", files={"photo": photo(*BLUE)})
    assert response.status_code == 503
    assert str(types.named.file) not in response.text


def test_only_those_with_the_token_write(recommender: FakeRecommender, types: TypeRecogniser) -> None:
    anyone = TestClient(create_app(recommender, allowed_hosts=["*"], types=types, token="secret"))
    assert anyone.put("/v1/types/Ponchos", files=files(BLUE)).status_code == 401
    assert anyone.delete("/v1/types/Ponchos").status_code == 401
    assert anyone.put("/v1/types/recognise", files=files(BLUE)).status_code == 401
    assert recognised(anyone, (210, 30, 40))[0]["name"] == "Shirts"  # asking is free
    shown = {"Authorization": "Bearer secret"}
    assert anyone.put("/v1/types/Ponchos", files=files(BLUE), headers=shown).status_code == 200


def test_large_uploads_are_refused(client: TestClient) -> None:
    file = io.BytesIO()
    Image.new("RGB", (60, 80)).save(file, "BMP")
    padded = file.getvalue() + bytes(11_000_000)
    response = client.put("/v1/types/Ponchos", files=[("photos", ("a.bmp", padded))] * 2)
    assert response.status_code == 413
