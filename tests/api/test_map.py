"""The map over HTTP: drawn when first asked for, whole, and the newest there is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import HOSTILE_ID, HOSTILE_NAME, draw

from modiste.api import create_app
from modiste.api import map as served
from modiste.catalogue import Catalogue, CatalogueItem


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    shop = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=4)
    photo = draw("tee", "navy")
    items = [
        CatalogueItem("1", "Navy tee", photo, "image/png", labels={"type": "tee"}),
        CatalogueItem(HOSTILE_ID, HOSTILE_NAME, photo, "image/png", labels={"<b>": "</script>"}),
        CatalogueItem("3", "Tee", photo, "image/png", labels={"type": "tee"}),
    ]
    shop.add(items, np.eye(4, dtype=np.float32)[:3])
    return shop


@pytest.fixture
def client(shop: Catalogue) -> Iterator[TestClient]:
    app = create_app(SimpleNamespace(catalogue=shop, threshold=0.5))  # type: ignore[arg-type]
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def wait_for_map(client: TestClient, version: int | None = None) -> dict[str, Any]:
    """The state as soon as there is a map, of this version if one is named."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        state: dict[str, Any] = client.get("/v1/map").json()
        if state["ready"] and version in (None, state["version"]):
            return state
        time.sleep(0.02)
    raise AssertionError("no map after a minute")


def test_points_and_items_go_together(client: TestClient, shop: Catalogue) -> None:
    state = wait_for_map(client)
    assert (state["items"], state["version"], state["done"]) == (3, shop.version, 1.0)
    points = client.get(state["points_url"])
    assert points.headers["content-type"] == "application/octet-stream"
    places = np.frombuffer(points.content, "<f4").reshape(-1, 2)
    assert places.shape == (3, 2)
    assert np.abs(places).max() <= 1
    items = client.get(state["items_url"])
    assert items.headers["content-encoding"] == "gzip"
    told = items.json()
    assert told["ids"] == ["1", HOSTILE_ID, "3"]
    assert told["names"][1] == HOSTILE_NAME
    assert told["columns"] == [
        {"name": "<b>", "kind": "list", "values": ["</script>"], "codes": [-1, 0, -1]},
        {"name": "type", "kind": "list", "values": ["tee"], "codes": [0, -1, 0]},
    ]


def test_who_cannot_unpack_gets_plain_json(client: TestClient) -> None:
    state = wait_for_map(client)
    plain = client.get(state["items_url"], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert json.loads(plain.content)["ids"][0] == "1"
    assert "Accept-Encoding" in plain.headers["vary"]


def test_before_it_is_drawn_there_are_no_parts(client: TestClient) -> None:
    answer = client.get("/v1/map/points")
    assert answer.status_code == 404
    assert "/v1/map" in answer.json()["detail"]


def test_a_changed_catalogue_gets_a_new_map(client: TestClient, shop: Catalogue) -> None:
    first = wait_for_map(client)
    shop.remove(["3"])
    second = wait_for_map(client, shop.version)
    assert second["items"] == 2
    assert client.get(first["items_url"]).status_code == 404
    assert len(client.get(second["items_url"]).json()["ids"]) == 2
    assert len(client.get("/v1/map/points").content) == 2 * 2 * 4


def test_a_failure_is_told_and_tried_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    prepared = served._prepared

    def fail(*_: object) -> None:
        raise MemoryError("too large a map")

    monkeypatch.setattr(served, "_prepared", fail)
    client.get("/v1/map")
    until = time.monotonic() + 30
    while (answer := client.get("/v1/map")).status_code == 200 and time.monotonic() < until:
        time.sleep(0.02)
    assert answer.status_code == 503
    assert "log" in answer.json()["detail"]
    assert "too large a map" in caplog.text
    monkeypatch.setattr(served, "_prepared", prepared)
    while client.get("/v1/map").status_code == 503:  # of a last failed try
        assert time.monotonic() < until
    assert wait_for_map(client)["ready"]
