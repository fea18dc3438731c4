"""How one product looks, chosen before it is drawn: its colours and the pattern of its cloth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modiste.datasets.drawn import patterns
from modiste.datasets.drawn.canvas import RGB, Paint
from modiste.datasets.drawn.palette import COLOURS, darker, lighter, mix

__all__ = ["Look", "choose_look"]


@dataclass(frozen=True)
class Look:
    """``name`` of the main colour (a key of `palette.COLOURS`), the colours themselves, ``pattern``.

    ``other`` goes with the main colour, ``accent`` is small and may stand out.
    """

    name: str
    colour: RGB
    other: RGB
    accent: RGB
    pattern: str
    size: float  # of the pattern, about 0 to 1
    shift: float  # where it begins

    def cloth(self, scale: float = 1) -> Paint:
        """The paint of this look; ``scale`` makes the pattern larger."""
        every = (4 + 4 * self.size) * scale
        match self.pattern:
            case "striped":
                share = 0.25 + 0.25 * self.shift
                return patterns.stripes(self.colour, self.other, every=every, share=share)
            case "pinstriped":
                return patterns.stripes(
                    self.colour, self.other, every=1.6 + every * 0.2, share=0.3, across=False
                )
            case "checked":
                return patterns.checks(self.colour, self.other, self.accent, every=every * 1.1)
            case "dotted":
                return patterns.dots(self.colour, self.other, every=every * 0.8)
            case "floral":
                return patterns.flowers(
                    self.colour, self.other, self.accent, every=every * 1.3, shift=self.shift
                )
            case "wavy":
                return patterns.waves(self.colour, self.other, every=every * 2, shift=7 * self.shift)
            case "block":
                at = -16 + 16 * self.size
                return patterns.colour_block(self.other, self.colour, at=at, line=self.accent)
            case _:
                return self.colour


# Colours that go with light and with dark ones.
_BESIDE_DARK = ("White", "Cream", "Sky Blue", "Grey", "Mustard", "Red", "Peach", "Sea Green", "Orange")
_BESIDE_LIGHT = ("Navy Blue", "Maroon", "Teal", "Charcoal", "Blue", "Rust", "Green", "Purple", "Red")
_ACCENTS = ("Mustard", "Red", "White", "Turquoise", "Orange", "Pink", "Sea Green", "Navy Blue")


def choose_look(colours: Sequence[str], kinds: Sequence[str], rng: np.random.Generator) -> Look:
    """One of the colours (names) and one of the kinds of pattern; others that go with them.

    >>> look = choose_look(["Red"], ["plain"], np.random.default_rng(0))
    >>> look.name, look.pattern
    ('Red', 'plain')
    """
    name = colours[int(rng.integers(len(colours)))]
    colour = COLOURS[name]
    dark = sum(colour) < 400
    beside = [n for n in (_BESIDE_DARK if dark else _BESIDE_LIGHT) if _apart(COLOURS[n], colour) > 110]
    other = COLOURS[beside[rng.integers(len(beside))]]
    if rng.random() < 0.3:  # tone on tone
        other = lighter(colour, 0.6) if dark else darker(colour, 0.45)
    accents = [n for n in _ACCENTS if min(_apart(COLOURS[n], colour), _apart(COLOURS[n], other)) > 90]
    accent = COLOURS[accents[rng.integers(len(accents))]]
    pattern = kinds[int(rng.integers(len(kinds)))]
    if pattern == "checked":
        other = mix(colour, other, 0.75)
    size, shift = rng.random(2).tolist()
    dyed = 1 + 0.03 * rng.standard_normal()  # no two lots come out of the vat alike
    return Look(name, _times(colour, dyed), other, accent, pattern, size, shift)


def _apart(one: RGB, other: RGB) -> float:
    return float(np.linalg.norm(np.subtract(one, other)))


def _times(colour: RGB, factor: float) -> RGB:
    r, g, b = (min(channel * factor, 250.0) for channel in colour)
    return r, g, b
