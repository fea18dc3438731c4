"""What a shopper gets: three similar items, or silence and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Abstention", "Answer", "Recommendation", "Suggestion"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One catalogue item, with its cosine similarity to the query in [-1, 1]."""

    id: str
    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The most similar items, best first; ``confidence`` in [0, 1] is at least ``threshold``.

    >>> answer = Recommendation((Suggestion("7", "Navy shirt", 0.91),), 0.8, 0.5)
    >>> answer.shown, answer.as_dict()["items"][0]["name"]
    (True, 'Navy shirt')
    """

    items: tuple[Suggestion, ...]
    confidence: float
    threshold: float

    shown = True
    reason = None

    def as_dict(self) -> dict[str, Any]:
        return _as_dict(self)


@dataclass(frozen=True, slots=True)
class Abstention:
    """Nothing is recommended, and why, in words a shopper understands.

    >>> Abstention("Nothing in the catalogue is close enough.", 0.2, 0.5).shown
    False
    """

    reason: str
    confidence: float
    threshold: float

    shown = False
    items: tuple[Suggestion, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return _as_dict(self)


Answer = Recommendation | Abstention


def _as_dict(answer: Answer) -> dict[str, Any]:
    return {
        "shown": answer.shown,
        "confidence": round(answer.confidence, 4),
        "threshold": round(answer.threshold, 4),
        "items": [
            {"id": item.id, "name": item.name, "similarity": round(item.similarity, 4)}
            for item in answer.items
        ],
        "reason": answer.reason,
    }
