"""Requests made up from the API's own description, sensible and not: every answer is one it describes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi import checks as specs
from starlette.testclient import TestClient
from tests.api.fake_shop import draw, open_shop
from tests.conftest import FakeEncoder

from modiste.api import create_app
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.embedding import Encoder, embed_photo
from modiste.recommendation import Feedback
from modiste.trends.uploads import find_uploaded_trends

EXAMPLES = 12  # for each operation, sensible and not; always the same ones
OPERATIONS = [
    ("POST", "/v1/recommendations"),
    ("GET", "/v1/catalogue"),
    ("GET", "/v1/catalogue/{id}/photo"),
    ("GET", "/v1/catalogue/versions"),
    ("POST", "/v1/catalogue/undo"),
    ("GET", "/v1/items"),
    ("GET", "/v1/search"),
    ("GET", "/v1/map"),
    ("GET", "/v1/map/items"),
    ("GET", "/v1/map/points"),
    ("GET", "/v1/items/{id}"),
    ("PUT", "/v1/items/{id}"),
    ("PATCH", "/v1/items/{id}"),
    ("DELETE", "/v1/items/{id}"),
    ("POST", "/v1/classifications"),
    ("GET", "/v1/models"),
    ("GET", "/v1/labels"),
    ("GET", "/v1/quality/curve"),
    ("POST", "/v1/feedback"),
    ("GET", "/v1/quality"),
    ("POST", "/v1/trends"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The application's description, with the application behind it."""
    folder = tmp_path_factory.mktemp("fuzz")
    fill(folder / "shop", FakeEncoder())
    shop = open_shop(folder / "shop")
    app = create_app(
        shop,
        feedback=Feedback(folder / "feedback.jsonl", "fake"),
        trends=lambda photos: find_uploaded_trends(shop.catalogue, shop.encoder, photos).as_dict(),
    )
    with TestClient(app):  # it is started, so it is ready
        yield schemathesis.openapi.from_asgi("/openapi.json", app, headers={"Host": "localhost"})


def fill(folder: Path, encoder: Encoder) -> None:
    items = [
        CatalogueItem.from_photo(str(n), f"Tee {n}", draw("tee", colour), labels={"price": str(n)})
        for n, colour in enumerate(("navy", "peru", "black", "crimson"))
    ]
    catalogue = Catalogue.create(folder, model_id=encoder.id, dimension=encoder.dimension)
    catalogue.add(items, [embed_photo(encoder, item.photo)[0] for item in items])


def test_every_operation_is_tried(described: Any) -> None:
    there = {
        (operation.ok().method.upper(), operation.ok().path) for operation in described.get_all_operations()
    }
    assert there == set(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
def test_answers_are_as_described(described: Any, method: str, path: str, mode: str) -> None:
    operation = described[path][method]
    checks = [
        schemathesis.checks.not_a_server_error,
        specs.status_code_conformance,
        specs.content_type_conformance,
        specs.response_headers_conformance,
        specs.response_schema_conformance,
    ]
    asked_for = list(operation.iter_parameters()) or operation.body
    if mode == "NEGATIVE" and (not asked_for or path.endswith("/photo")):
        pytest.skip("there is nothing to get wrong")

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(getattr(schemathesis.GenerationMode, mode)))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Host": "localhost"}, checks=checks)

    ask()
