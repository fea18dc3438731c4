"""A client of the application, with the drawn shop of `fake_shop` behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender, fake_recommender

from modiste.api import create_app


@pytest.fixture
def recommender() -> FakeRecommender:
    return fake_recommender()


@pytest.fixture
def client(recommender: FakeRecommender) -> Iterator[TestClient]:
    app = create_app(recommender)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client
