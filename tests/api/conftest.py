"""A client of the application, with the drawn shop of `fake_shop` behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import FakeRecommender, draw, fake_recommender, open_shop

from modiste.api import create_app
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.embedding import Encoder, embed_photo
from modiste.recommendation import Recommender


@pytest.fixture
def recommender() -> FakeRecommender:
    return fake_recommender()


@pytest.fixture
def client(recommender: FakeRecommender) -> Iterator[TestClient]:
    app = create_app(recommender)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def shop(tmp_path: Path, encoder: Encoder) -> Recommender:
    """A catalogue on disk and the real recommender; only the encoder is a fake.

    Nine items, ``tee/navy`` to ``bag/black``, with labels of type, colour and price (10, 20, …, 90).
    """
    drawn = [(shape, colour) for shape in ("tee", "dress", "bag") for colour in ("navy", "crimson", "black")]
    items = [
        CatalogueItem.from_photo(
            f"{shape}/{colour}",
            f"{colour.title()} {shape}",
            draw(shape, colour),
            path=f"{shape}-{colour}.png",
            labels={"type": shape, "colour": colour, "price": str(10 * number)},
        )
        for number, (shape, colour) in enumerate(drawn, 1)
    ]
    catalogue = Catalogue.create(tmp_path / "shop", model_id=encoder.id, dimension=encoder.dimension)
    catalogue.add(items, [embed_photo(encoder, item.photo)[0] for item in items])
    return open_shop(catalogue.folder)


@pytest.fixture
def seller(shop: Recommender) -> Iterator[TestClient]:
    """A client of the application over `shop`, on this computer: it may write."""
    app = create_app(shop)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client
