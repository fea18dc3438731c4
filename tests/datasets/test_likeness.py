from __future__ import annotations

import pytest

from modiste.datasets.likeness import likeness

CLASSES = ["Ties", "Watches", "Dresses", "Tshirts", "Casual Shoes", "Backpacks", "Scarves"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Reid & Taylor Men Maroon Checked Tie", "Ties"),
        ("Q&Q Men Black Digital Watch", "Watches"),
        ("dress", "Dresses"),
        ("T-Shirt", "Tshirts"),
        ("shoes_casual", "Casual Shoes"),
        ("AMERICAN TOURISTER Blue Backpack", "Backpacks"),
        ("longScarf", "Scarves"),
    ],
)
def test_the_likest_class(name: str, expected: str) -> None:
    alike = likeness([name], CLASSES)[0]
    assert CLASSES[alike.argmax()] == expected
    assert 0.3 < alike.max() <= 1 + 1e-9


def test_what_is_like_nothing() -> None:
    assert likeness(["Casio GD-100", ""], CLASSES).max() < 0.5
    assert likeness([], CLASSES).shape == (0, 7)
    assert likeness(["x"], []).shape == (1, 0)
    assert likeness(["shirt"], ["123", ""]).tolist() == [[0.0, 0.0]]
