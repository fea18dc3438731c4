"""A shop of drawn garments and a recommender that compares them by coarse shape and colour: quick, and always
the same. It has the methods of `modiste.recommendation.Recommender` and `modiste.catalogue.Catalogue` that
the API uses.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tests.conftest import FakeEncoder

from modiste.catalogue import Catalogue
from modiste.errors import CatalogueError
from modiste.photos import read_photo
from modiste.recommendation import Confidence, Recommender
from modiste.recommendation.answer import Abstention, Answer, Recommendation, Suggestion

# Corners in a picture of 60 × 80.
SHAPES = {
    "tee": [
        (22, 14),
        (38, 14),
        (55, 24),
        (49, 36),
        (42, 32),
        (42, 67),
        (18, 67),
        (18, 32),
        (11, 36),
        (5, 24),
    ],
    "trousers": [(20, 8), (40, 8), (45, 74), (34, 74), (30, 28), (26, 74), (15, 74)],
    "dress": [(22, 8), (27, 14), (33, 14), (38, 8), (37, 34), (50, 74), (10, 74), (23, 34)],
    "bag": [(12, 34), (22, 34), (24, 20), (36, 20), (38, 34), (48, 34), (52, 66), (8, 66)],
    "boot": [(20, 12), (36, 12), (37, 50), (52, 58), (54, 68), (20, 68)],
}
COLOURS = ["crimson", "navy", "darkolivegreen", "peru", "slategray", "black"]

# What ids and names may hold and a page must bear.
HOSTILE_ID = 'hats/blue "1"/ñ?&#%'
HOSTILE_NAME = "<img src=x onerror=alert(1)> & “Co”"


def draw(shape: str, colour: str, scale: int = 4, format: str = "PNG") -> bytes:
    """A garment on white, 60 × 80 pixels times ``scale`` / 4, as a file."""
    picture = Image.new("RGB", (240, 320), "white")
    ImageDraw.Draw(picture).polygon([(4 * x, 4 * y) for x, y in SHAPES[shape]], fill=colour)
    file = io.BytesIO()
    picture.resize((15 * scale, 20 * scale), Image.Resampling.LANCZOS).save(file, format)
    return file.getvalue()


def look(photo: bytes) -> NDArray[np.float64]:
    """What is not white, seen coarsely, as a vector of length 1 (zero for an empty picture)."""
    small = Image.fromarray(read_photo(photo)).convert("RGB").resize((12, 16), Image.Resampling.BOX)
    seen = 255.0 - np.asarray(small, np.float64).ravel()
    return seen / max(float(np.linalg.norm(seen)), 1e-9)


@dataclass(frozen=True)
class FakeItem:
    id: str
    name: str
    photo: bytes
    media_type: str = "image/png"
    labels: dict[str, str] = field(default_factory=dict)


class FakeCatalogue:
    model_id = "fake-0123456789ab"
    version = 1

    def __init__(self, items: Sequence[FakeItem]) -> None:
        self._items = {item.id: item for item in items}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, id: object) -> bool:
        return id in self._items

    @property
    def snapshot(self) -> FakeCatalogue:
        return self

    @property
    def label_counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for item in self._items.values():
            for level, label in item.labels.items():
                found = counts.setdefault(level, {})
                found[label] = found.get(label, 0) + 1
        return counts

    def refresh(self) -> bool:
        return False

    def page(self, offset: int, limit: int) -> list[FakeItem]:
        return list(self._items.values())[offset : offset + limit]

    def photo(self, id: str) -> tuple[bytes, str]:
        if id not in self._items:
            raise CatalogueError(f"no item {id!a} in the catalogue")
        return self._items[id].photo, self._items[id].media_type


class FakeRecommender:
    """Confident when something looks much alike. ``turnstile`` holds up who asks; ``most`` counts them."""

    threshold = 0.6

    def __init__(self, items: Sequence[FakeItem]) -> None:
        self.catalogue = FakeCatalogue(items)
        self._looks = [(item, look(item.photo)) for item in items]
        self.turnstile = threading.Event()
        self.turnstile.set()
        self.now = self.most = 0
        self._count = threading.Lock()

    def recommend(self, photo: bytes, exclude: Sequence[str] = ()) -> Answer:
        with self._count:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            assert self.turnstile.wait(30)
            return self._recommend(photo, exclude)
        finally:
            with self._count:
                self.now -= 1

    def _recommend(self, photo: bytes, exclude: Sequence[str]) -> Answer:
        seen = look(photo)
        alike = [(float(seen @ other), item) for item, other in self._looks if item.id not in exclude]
        alike.sort(key=lambda pair: -pair[0])
        confidence = max(0.0, min(1.0, 3 * alike[0][0] - 2)) if alike else 0.0
        if confidence < self.threshold:
            reason = "None of our pieces looks enough like this photo."
            return Abstention(reason, confidence, self.threshold)
        items = tuple(Suggestion(item.id, item.name, similarity) for similarity, item in alike[:3])
        return Recommendation(items, confidence, self.threshold)


def fake_recommender() -> FakeRecommender:
    """All shapes in all colours, and a hat whose id and name are as hostile as they can be."""
    items = [
        FakeItem(
            f"{shape}/{colour}", f"{colour.title()} {shape}", draw(shape, colour), labels={"type": shape}
        )
        for shape in SHAPES
        for colour in COLOURS
    ]
    items.append(FakeItem(HOSTILE_ID, HOSTILE_NAME, draw("bag", "gold"), labels={"<b>": "'\""}))
    return FakeRecommender(items)


def open_shop(folder: Path) -> Recommender:
    """The real recommender over a catalogue on disk, as a worker opens it; only the encoder is a fake."""
    encoder = FakeEncoder()
    sure = Confidence(names=("first",), mean=(0.9,), scale=(0.02,), weights=(3.0,), intercept=0.0)
    return Recommender(encoder, Catalogue.open(folder, encoder.id), sure, 0.5)
