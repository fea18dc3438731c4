"""Results → what a report says, in order.

Results are read as the plain values of ``results.json``; every number comes from there. A part that is
not in the results is not in the report, and what was skipped is named with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from modiste.errors import DataError
from modiste.reports.contents import Block, Report, Section, Values
from modiste.reports.labels import compose_labels, holds_labels
from modiste.reports.scores import (
    accuracy,
    every_class,
    failures,
    few_shot,
    learning,
    notes,
    retrieval,
    style,
    threshold,
)
from modiste.reports.sights import maps, recommendations, typical
from modiste.reports.wording import ADVISED, PARTS, hardest, listed, percent, telling_part, threshold_text

__all__ = ["compose", "read"]

WORST = 5
WORST_PAIRS = 3
FORMAT = 1  # of results.json; see modiste.evaluation.results


def read(path: str | Path) -> Values:
    """The values of a ``results.json`` of either kind. ``DataError`` when it is none, or not there."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: expected the JSON that modiste evaluate writes; {problem}") from problem
    if holds_labels(values):
        return dict(values)
    if not isinstance(values, dict) or values.get("format") != FORMAT or "model" not in values:
        raise DataError(
            f"{path}: expected results of format {FORMAT}; evaluate the model again with modiste evaluate"
        )
    return values


def compose(results: Values, classes: Sequence[str] = ()) -> Report:
    """What a report says of these results; of those of labels, see `compose_labels`.

    ``classes`` are those of the confusion matrix: without any, those of the map, or the first ten.
    ``DataError`` names a class that is not in the results.
    """
    if holds_labels(results):
        return compose_labels(results, classes)
    splits = results["data"]["splits"]
    photos = ", ".join(f"{name} {split['n']:,}" for name, split in splits.items())
    model = results["model"]
    sections = [
        Section(key, title, blocks)
        for key, title, blocks in (
            ("accuracy", "How good", accuracy(results)),
            ("failures", "Where it fails", failures(results, classes)),
            ("threshold", "Which threshold", threshold(results)),
            ("recommendations", "Recommendations", recommendations(results)),
            ("new", "A few examples are enough", few_shot(results)),
            ("retrieval", "Search", retrieval(results)),
            ("style", "Style and names", style(results)),
            ("map", "The space of features", maps(results)),
            ("types", "Every class", every_class(results)),
            ("typical", "Typical and odd photos", typical(results)),
            ("learning", "Learning", learning(results)),
            ("notes", "How this was measured", notes(results)),
        )
        if blocks
    ]
    return Report(
        f"How good is {model['id']}?",
        f"{model['regime']} regime, vectors of {model['dimension']} numbers, measured on "
        f"{photos} photos (data {results['data']['fingerprint']}). Intervals are 95\xa0%.",
        [
            Section(key, title, blocks, headline)
            for key, title, (headline, blocks) in (
                ("good", "How good", _good(results)),
                ("fails", "Where it fails", _fails(results)),
                ("show", "Which threshold", _shows(results)),
            )
        ],
        sections,
    )


def _good(results: Values) -> tuple[str, list[Block]]:
    """What stands out, and the rest of the answer."""
    scenarios = results.get("scenarios", {})
    shares = [
        (scenarios[number]["accuracy"], scenarios[number].get("interval", ()), what)
        for number, what in (
            ("3", "of the photos of types it never learned are named right, from a few examples of each"),
            ("2", "of the photos of known types are named right, from a few examples of each"),
            ("pair", "of the test photos are named right"),
        )
        if number in scenarios
    ]
    if selective := results.get("selective"):
        ends = selective["intervals"].get("hit_rate", ())
        what = "get a fitting item among three recommended, when every photo is answered"
        shares.append((selective["hit_rate"], ends, what))
    if not shares and (score := results.get("classification")):
        shares.append((score["accuracy"], score.get("interval", ()), "of the photos are named right"))
    if not shares:
        return "", ["Nothing was measured."]
    first = percent(shares[0][0])
    return first, [f"{percent(value, ends)} {what}." for value, ends, what in shares]


def _fails(results: Values) -> tuple[str, list[Block]]:
    part = telling_part(results)
    if part is None:
        return "", ["The results do not say which classes were mistaken; evaluate the model again."]
    worst = hardest(results["per_class"][part])[:WORST]
    pairs = results["confusions"][part]["pairs"][:WORST_PAIRS]
    if not pairs:
        return "", [f"Nothing was mistaken among {PARTS[part]}."]
    each = [
        f"{true} called {called} ({often} photos, {percent(share)})" for true, called, often, share in pairs
    ]
    said: list[Block] = [f"Confused most often: {listed(each)}."]
    if worst:
        names = [f"{name} ({100 * score['f1']:.0f})" for name, score in worst]
        said.append(f"Hardest, by F1 in %: {listed(names)}.")
    return f"{pairs[0][0]} → {pairs[0][1]}", [*said, f"Over {PARTS[part]}."]


def _shows(results: Values) -> tuple[str, list[Block]]:
    selective = results.get("selective")
    if not selective:
        return "", ["The confidence was not measured."]
    at = selective["threshold_at_error"].get(ADVISED)
    wanted = f"{100 * float(ADVISED):g}\xa0%"
    said: list[Block] = [
        f"No threshold keeps errors within {wanted}."
        if at is None
        else f"Show answers from {threshold_text(at)} on: "
        f"{percent(selective['coverage_at_error'][ADVISED])} of the photos are answered, and at most "
        f"{wanted} of these answers are wrong."
    ]
    said.append(
        f"The model's own is {threshold_text(selective['threshold'])}: {percent(selective['shown'])} "
        f"answered, {percent(selective['shown_error'])} wrong. Other errors and thresholds are in the "
        "tables below."
    )
    return "" if at is None else threshold_text(at), said
