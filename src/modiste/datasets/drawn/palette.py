"""Colours with the names a shop gives them, and which of them suit what."""

from __future__ import annotations

from modiste.datasets.drawn.canvas import RGB

__all__ = [
    "CALM",
    "COLOURS",
    "DENIM",
    "FABRIC",
    "LEATHER",
    "LIPS",
    "METAL",
    "SPORT",
    "darker",
    "lighter",
    "mix",
]

COLOURS: dict[str, RGB] = {
    "Black": (43, 43, 47),
    "Charcoal": (82, 86, 93),
    "Grey": (154, 157, 162),
    "Silver": (198, 200, 206),
    "White": (243, 242, 239),
    "Off White": (239, 232, 217),
    "Cream": (238, 224, 194),
    "Beige": (212, 191, 160),
    "Khaki": (174, 156, 116),
    "Olive": (112, 114, 66),
    "Tan": (190, 138, 88),
    "Brown": (118, 76, 49),
    "Coffee Brown": (80, 55, 43),
    "Copper": (192, 124, 88),
    "Gold": (214, 176, 96),
    "Mustard": (214, 162, 48),
    "Yellow": (243, 210, 86),
    "Orange": (232, 124, 56),
    "Rust": (180, 84, 48),
    "Peach": (245, 184, 155),
    "Pink": (232, 138, 166),
    "Magenta": (190, 54, 122),
    "Red": (198, 44, 50),
    "Maroon": (122, 32, 46),
    "Purple": (104, 66, 134),
    "Lavender": (184, 168, 212),
    "Navy Blue": (38, 50, 92),
    "Blue": (56, 102, 180),
    "Sky Blue": (146, 188, 226),
    "Turquoise": (74, 184, 188),
    "Teal": (30, 112, 118),
    "Sea Green": (142, 198, 174),
    "Green": (56, 126, 82),
}

FABRIC = (
    "Black", "White", "Navy Blue", "Blue", "Sky Blue", "Grey", "Charcoal", "Red", "Maroon", "Pink", "Peach",
    "Orange", "Rust", "Mustard", "Yellow", "Olive", "Green", "Sea Green", "Teal", "Turquoise", "Purple",
    "Lavender", "Magenta", "Cream", "Beige",
)  # fmt: skip
CALM = (
    "Black",
    "Charcoal",
    "Grey",
    "Navy Blue",
    "Khaki",
    "Beige",
    "Olive",
    "Brown",
    "Maroon",
    "Teal",
    "White",
)
DENIM = ("Blue", "Navy Blue", "Sky Blue", "Black", "Charcoal", "Grey")
LEATHER = (
    "Black", "Brown", "Tan", "Coffee Brown", "Maroon", "Beige", "Navy Blue", "Red", "Grey", "Olive", "Rust",
    "Cream", "Teal", "Pink",
)  # fmt: skip
SPORT = (
    "White",
    "Black",
    "Grey",
    "Navy Blue",
    "Blue",
    "Red",
    "Green",
    "Orange",
    "Pink",
    "Turquoise",
    "Purple",
)
METAL = ("Silver", "Gold", "Copper")
LIPS = ("Red", "Pink", "Maroon", "Magenta", "Peach", "Rust", "Purple", "Orange", "Brown")


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """A colour between two: ``share`` 0 the first, 1 the second.

    >>> mix((0, 0, 0), (100, 200, 40), 0.5)
    (50.0, 100.0, 20.0)
    """
    r, g, b = (a + share * (o - a) for a, o in zip(one, other, strict=True))
    return r, g, b


def darker(colour: RGB, share: float = 0.3) -> RGB:
    """Towards black.

    >>> darker((100, 100, 100), 0.5)
    (55.0, 55.0, 57.0)
    """
    return mix(colour, (10, 10, 14), share)


def lighter(colour: RGB, share: float = 0.3) -> RGB:
    """Towards white.

    >>> lighter((55, 55, 55), 0.5)
    (155.0, 155.0, 155.0)
    """
    return mix(colour, (255, 255, 255), share)
