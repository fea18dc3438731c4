"""How figures are said, and which of them say most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modiste.reports.contents import Photo, Values

__all__ = [
    "ADVISED",
    "FEW_PHOTOS",
    "PARTS",
    "SCENARIOS",
    "Thumbnails",
    "hardest",
    "headlines",
    "interval_text",
    "listed",
    "percent",
    "telling_part",
    "threshold_text",
]

PARTS = {
    "scenarios.4": "known and unseen types together",
    "scenarios.pair": "the support set and test given",
    "scenarios.3": "unseen types",
    "scenarios.2": "known types from their support set",
    "scenarios.1": "known types from the training photos",
    "classification": "known types by the model itself",
    "categories": "categories",
}
"""The parts that name photos, the most telling first."""
SCENARIOS = {
    "1": "1. known types, from the training photos",
    "2": "2. known types, from a support set",
    "3": "3. unseen types, from a support set",
    "4": "4. both together",
    "pair": "support set → test",
}
ADVISED = "0.05"
FEW_PHOTOS = 5  # figures of a class with fewer test photos say little


def percent(share: float, ends: Sequence[float] = ()) -> str:
    r"""A share as people read it; no line break comes before the sign.

    >>> percent(0.8091, [0.7626, 0.8476])
    '80.9\xa0% (76.3–84.8)'
    """
    text = f"{100 * share:.1f}\xa0%"
    return f"{text} ({100 * ends[0]:.1f}–{100 * ends[1]:.1f})" if len(ends) == 2 else text


def interval_text(value: float, ends: Sequence[float]) -> str:
    text = f"{value:.4f}"
    return f"{text} ({ends[0]:.4f}–{ends[1]:.4f})" if len(ends) == 2 else text


def threshold_text(value: float) -> str:
    return f"{value:.3f}"


def listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def headlines(results: Values) -> list[tuple[str, Values, int, str]]:
    """What was named, its figures, of how many photos, and by what."""
    rows = []
    if score := results.get("classification"):
        rows.append(
            (
                "known types, by the model itself",
                score,
                score["n"],
                results["model"].get("named_by", "network"),
            )
        )
    for number, one in results.get("scenarios", {}).items():
        rows.append((SCENARIOS.get(number, number), one, one["n_test"], one["method"]))
    if one := results.get("categories"):
        rows.append(("categories, as in 2.", one, one["n_test"], one["method"]))
    return rows


def telling_part(results: Values) -> str | None:
    confusions, scores = results.get("confusions", {}), results.get("per_class", {})
    return next((part for part in PARTS if part in confusions and part in scores), None)


def hardest(scores: Mapping[str, Values]) -> list[tuple[str, Values]]:
    enough = [(name, score) for name, score in scores.items() if score["support"] >= FEW_PHOTOS]
    return sorted(enough, key=lambda each: (each[1]["f1"], each[0]))


class Thumbnails:
    """The thumbnails in the results."""

    def __init__(self, results: Values) -> None:
        self.uris: Mapping[str, str] = (results.get("examples") or {}).get("thumbnails", {})

    def up(self, wanted: Iterable[tuple[str, str, str]]) -> list[Photo]:
        """Photos by (id, label, description); those without a thumbnail are left out."""
        prefix = "data:image/jpeg;base64,"
        return [
            Photo(self.uris[id], label, alt)
            for id, label, alt in wanted
            if self.uris.get(id, "").startswith(prefix)  # nothing else gets into the page
        ]
