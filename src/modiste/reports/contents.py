"""What a report is made of: sections of texts, tables, charts and photos, whatever they are shown on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

__all__ = ["Block", "Chart", "Gallery", "Photo", "Report", "Row", "Section", "Table", "Values"]

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Chart:
    """A picture: ``name`` for its file, what it shows in words, its height in inches, and who draws it."""

    name: str
    title: str
    alt: str
    height: float
    draw: Callable[[FigureBase], None]


@dataclass(frozen=True)
class Table:
    """Rows of texts below a head; ``strong`` is the row to look at first."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    strong: int | None = None


@dataclass(frozen=True)
class Photo:
    """A thumbnail as a data URI, a few words below it, and what it shows for those who cannot see it."""

    uri: str
    label: str
    alt: str


@dataclass(frozen=True)
class Row:
    """Photos that belong together; with ``query``, the first is what the others answer."""

    text: str
    photos: Sequence[Photo]
    query: bool = False


@dataclass(frozen=True)
class Gallery:
    """Rows of photos."""

    name: str
    title: str
    rows: Sequence[Row]


Block = str | Chart | Table | Gallery


@dataclass(frozen=True)
class Section:
    """A heading, what stands out if anything does, and what is below it; texts are paragraphs."""

    key: str
    title: str
    blocks: Sequence[Block]
    headline: str = ""


@dataclass(frozen=True)
class Report:
    """A title, what it is about, the answers in short, and all the rest."""

    title: str
    about: str
    brief: Sequence[Section]
    sections: Sequence[Section] = field(default_factory=tuple)
