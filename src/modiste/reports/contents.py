"""Results → what a report says, in order: texts, tables, charts and photos, whatever they are shown on.

Results are read as the plain values of ``results.json``; every number comes from there. A part that is not in
the results is not in the report, and what was skipped is named with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modiste.errors import DataError
from modiste.reports import charts

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

__all__ = ["Block", "Chart", "Gallery", "Photo", "Report", "Row", "Section", "Table", "compose", "read"]

FORMAT = 1  # of results.json; see modiste.evaluation.results

Values = Mapping[str, Any]

PARTS = {
    "scenarios.4": "known and unseen types together",
    "scenarios.pair": "the support set and test given",
    "scenarios.3": "unseen types",
    "scenarios.2": "known types from their support set",
    "scenarios.1": "known types from the training photos",
    "classification": "known types by the network itself",
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
WORST = 5
MOST_CONFUSED = 5
MATRIX_CLASSES = 10
TARGETS = ("0.01", "0.02", "0.05", "0.1")
ADVISED = "0.05"
FEW_PHOTOS = 5  # figures of a class with fewer test photos say little
ROW = 0.24  # inches that a row of a chart takes


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
    """A heading, and what is below it; texts are paragraphs."""

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """A title, what it is about, the answers in short, and all the rest."""

    title: str
    about: str
    brief: Sequence[Section]
    sections: Sequence[Section] = field(default_factory=tuple)


def read(path: str | Path) -> Values:
    """The values of a ``results.json``. ``DataError`` when it is not there or something else."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: expected the JSON that modiste evaluate writes; {problem}") from problem
    if not isinstance(values, dict) or values.get("format") != FORMAT or "model" not in values:
        raise DataError(
            f"{path}: expected results of format {FORMAT}; evaluate the model again with modiste evaluate"
        )
    return values


def compose(results: Values, classes: Sequence[str] = ()) -> Report:
    """What a report says of these results.

    ``classes`` are those of the confusion matrix: without any, those of the map, or the first ten. ``DataError``
    names a class that is not in the results.
    """
    splits = results["data"]["splits"]
    photos = ", ".join(f"{name} {split['n']:,}" for name, split in splits.items())
    model = results["model"]
    sections = [
        Section(key, title, blocks)
        for key, title, blocks in (
            ("accuracy", "How good", _accuracy(results)),
            ("failures", "Where it fails", _failures(results, classes)),
            ("threshold", "Which threshold", _threshold(results)),
            ("recommendations", "Recommendations", _recommendations(results)),
            ("new", "A few examples are enough", _few_shot(results)),
            ("retrieval", "Search", _retrieval(results)),
            ("style", "Style and names", _style(results)),
            ("map", "The space of features", _maps(results)),
            ("types", "Every class", _every_class(results)),
            ("typical", "Typical and odd photos", _typical(results)),
            ("learning", "Learning", _learning(results)),
            ("notes", "How this was measured", _notes(results)),
        )
        if blocks
    ]
    return Report(
        f"How good is {model['id']}?",
        f"{model['regime']} regime, vectors of {model['dimension']} numbers, measured on photos of "
        f"{results['data']['fingerprint']} ({photos}). Intervals are 95 %.",
        [
            Section("good", "How good", _good_in_short(results)),
            Section("fails", "Where it fails", _failures_in_short(results)),
            Section("show", "Which threshold", _threshold_in_short(results)),
        ],
        sections,
    )


# Words -----------------------------------------------------------------------------------------------------


def percent(share: float, ends: Sequence[float] = ()) -> str:
    """A share as people read it.

    >>> percent(0.8091, [0.7626, 0.8476])
    '80.9 % (76.3–84.8)'
    """
    text = f"{100 * share:.1f} %"
    return f"{text} ({100 * ends[0]:.1f}–{100 * ends[1]:.1f})" if len(ends) == 2 else text


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _headlines(results: Values) -> list[tuple[str, Values, int, str]]:
    """What was named, its figures, of how many photos, and by what."""
    rows = []
    if score := results.get("classification"):
        rows.append(("known types, by the network itself", score, score["n"], "network"))
    for number, one in results.get("scenarios", {}).items():
        rows.append((SCENARIOS.get(number, number), one, one["n_test"], one["method"]))
    if one := results.get("categories"):
        rows.append(("categories, as in 2.", one, one["n_test"], one["method"]))
    return rows


def _telling_part(results: Values) -> str | None:
    return next((part for part in PARTS if part in results.get("confusions", {})), None)


def _worst(scores: Mapping[str, Values]) -> list[tuple[str, Values]]:
    enough = [(name, score) for name, score in scores.items() if score["support"] >= FEW_PHOTOS]
    return sorted(enough, key=lambda each: (each[1]["f1"], each[0]))


# In short --------------------------------------------------------------------------------------------------


def _good_in_short(results: Values) -> list[Block]:
    scenarios = results.get("scenarios", {})
    said: list[Block] = []
    for number, what in (
        ("3", "of photos of types it never learned are named right"),
        ("2", "of photos of known types, from a few examples each"),
        ("pair", "of the test photos are named right"),
    ):
        if number in scenarios:
            said.append(
                f"{percent(scenarios[number]['accuracy'], scenarios[number].get('interval', ()))} {what}."
            )
    if selective := results.get("selective"):
        ends = selective["intervals"].get("hit_rate", ())
        said.append(
            f"{percent(selective['hit_rate'], ends)} of photos get a fitting item among the three recommended, "
            "when every photo is answered."
        )
    if not said and (score := results.get("classification")):
        said.append(f"{percent(score['accuracy'], score.get('interval', ()))} of the photos are named right.")
    return said or ["Nothing was measured."]


def _failures_in_short(results: Values) -> list[Block]:
    part = _telling_part(results)
    if part is None:
        return ["The results do not say which classes were mistaken; evaluate again."]
    worst = [
        f"{name} ({100 * score['f1']:.0f})" for name, score in _worst(results["per_class"][part])[:WORST]
    ]
    pairs = results["confusions"][part]["pairs"][:3]
    said: list[Block] = []
    if worst:
        said.append(f"Hardest classes, by F1 in %: {_listed(worst)}.")
    if pairs:
        each = [
            f"{true} called {called} ({often} photos, {percent(share)} of {true})"
            for true, called, often, share in pairs
        ]
        said.append(f"Confused most often: {_listed(each)}.")
    return [*said, f"Over {PARTS[part]}."] if said else [f"Nothing was mistaken among {PARTS[part]}."]


def _threshold_in_short(results: Values) -> list[Block]:
    selective = results.get("selective")
    if not selective:
        return ["The confidence was not measured."]
    at = selective["threshold_at_error"].get(ADVISED)
    wanted = f"{100 * float(ADVISED):.0f} %"
    said: list[Block] = []
    if at is None:
        said.append(f"No threshold keeps errors within {wanted}.")
    else:
        said.append(
            f"{_threshold_text(at)} keeps errors within {wanted} and answers "
            f"{percent(selective['coverage_at_error'][ADVISED])} of the photos."
        )
    said.append(
        f"The model's own, {_threshold_text(selective['threshold'])}, answers {percent(selective['shown'])}, of "
        f"which {percent(selective['shown_error'])} are wrong."
    )
    said.append("Others are in the table below.")
    return said


def _threshold_text(value: float) -> str:
    return f"{value:.3f}"


# Sections --------------------------------------------------------------------------------------------------


def _accuracy(results: Values) -> list[Block]:
    rows = _headlines(results)
    if not rows:
        return []
    told = [(name, one["balanced_accuracy"], one.get("balanced_interval", [])) for name, one, *_ in rows]
    blocks: list[Block] = [
        Chart(
            "accuracy",
            "Balanced accuracy: the mean of the classes' recalls",
            "; ".join(f"{name}: {percent(value, ends)}" for name, value, ends in told),
            1.0 + 0.42 * len(told),
            partial(charts.interval_dots, rows=told, x="balanced accuracy, % (lines: 95 % intervals)"),
        ),
        Table(
            "Share of photos named right",
            ("", "accuracy", "balanced accuracy", "photos", "by"),
            [
                (
                    name,
                    percent(one["accuracy"], one.get("interval", ())),
                    percent(one["balanced_accuracy"], one.get("balanced_interval", ())),
                    f"{count:,}",
                    method,
                )
                for name, one, count, method in rows
            ],
        ),
    ]
    scenarios = results.get("scenarios", {})
    if any(one.get("duplicates") for one in scenarios.values()):
        blocks.append(
            Table(
                "Without test photos that are nearly the same picture as one of the support set",
                ("", "left out", "accuracy", "balanced accuracy"),
                [
                    (
                        SCENARIOS.get(number, number),
                        f"{len(one['duplicates']):,}",
                        percent(one["without_duplicates"]["accuracy"]),
                        percent(one["without_duplicates"]["balanced_accuracy"]),
                    )
                    for number, one in scenarios.items()
                    if one.get("without_duplicates")
                ],
            )
        )
    if scenarios:
        methods = list(dict.fromkeys(name for one in scenarios.values() for name in one["methods"]))
        blocks.append(
            Table(
                "Balanced accuracy in % by the way the support set is read (reported: "
                f"{next(iter(scenarios.values()))['method']})",
                ("", *(SCENARIOS.get(number, number).partition(" ")[0] for number in scenarios)),
                [
                    (
                        name,
                        *(
                            f"{100 * one['methods'][name]['balanced_accuracy']:.1f}"
                            if name in one["methods"]
                            else "–"
                            for one in scenarios.values()
                        ),
                    )
                    for name in methods
                ],
            )
        )
    return blocks


def _failures(results: Values, classes: Sequence[str]) -> list[Block]:
    part = _telling_part(results)
    if part is None:
        return []
    blocks: list[Block] = []
    worst = _worst(results["per_class"][part])[:12]
    if worst:
        rows = [
            (
                name,
                100 * score["f1"],
                f"{100 * score['precision']:.0f} / {100 * score['recall']:.0f}, {score['support']} photos",
            )
            for name, score in worst
        ]
        blocks.append(
            Chart(
                "hardest",
                f"The hardest classes by F1, over {PARTS[part]}; behind each: precision / recall in %",
                "; ".join(f"{name}: F1 {length:.0f} %" for name, length, _ in rows),
                0.8 + ROW * len(rows),
                partial(charts.bars, rows=rows, x="F1, %", full=115),
            )
        )
    pairs = results["confusions"][part]["pairs"][:12]
    if pairs:
        rows = [
            (f"{true} → {called}", often, f"{percent(share)} of {true}")
            for true, called, often, share in pairs
        ]
        blocks.append(
            Chart(
                "confused",
                f"Confused most often, over {PARTS[part]}: what it is → what it was called",
                "; ".join(f"{label}: {often} photos" for label, often, _ in rows),
                0.8 + ROW * len(rows),
                partial(charts.bars, rows=rows, x="photos", full=1.3 * max(row[1] for row in rows)),
            )
        )
    matrix = _matrix(results, classes)
    if matrix:
        blocks.append(matrix)
    gallery = _mistaken(results, part)
    if gallery:
        blocks.append(gallery)
    return blocks


def _matrix(results: Values, classes: Sequence[str]) -> Chart | None:
    confusions = results["confusions"]
    part = next((p for p in ("scenarios.2", "scenarios.pair", "classification") if p in confusions), None)
    if classes:  # wherever they are: unseen ones are in scenario 3 and 4 only
        part = next(
            (p for p in (part, *PARTS) if p in confusions and {*classes} <= {*confusions[p]["labels"]}), None
        )
        if part is None:
            known = sorted({label for each in confusions.values() for label in each["labels"]})
            strangers = sorted({*classes} - {*known}) or list(classes)
            raise DataError(
                f"{', '.join(strangers)}: not classes of one part of these results; there are {known}"
            )
    if part is None:
        return None
    labels: list[str] = confusions[part]["labels"]
    counts = confusions[part]["matrix"]
    chosen = list(dict.fromkeys(classes))
    if not chosen:
        mapped = [label for label in (results.get("maps") or {}).get("labels", ()) if label in labels]
        chosen = mapped or labels[:MATRIX_CLASSES]
    at = [labels.index(label) for label in chosen]
    rows = [[counts[row][column] for column in at] for row in at]
    columns = list(chosen)
    if len(chosen) < len(labels):
        for row, own in zip(rows, at, strict=True):
            row.append(sum(counts[own]) - sum(row))
        columns.append("another")
    said = [
        f"{label}: {row[place]} of {sum(row)} right"
        for place, (label, row) in enumerate(zip(chosen, rows, strict=True))
    ]
    side = max(3.2, 1.7 + 0.33 * len(chosen))
    return Chart(
        "confusion-matrix",
        f"Confusion matrix of {len(chosen)} classes, {PARTS[part]}, in photos",
        "; ".join(said),
        side,
        partial(charts.confusion_matrix, labels=chosen, columns=columns, counts=rows),
    )


def _mistaken(results: Values, part: str) -> Gallery | None:
    """Photos of the pairs confused most often."""
    look = _Photos(results)
    rows = []
    for true, called, often, _ in results["confusions"][part]["pairs"][:6]:
        ids = [id for id, pair in results["wrong"][part].items() if list(pair) == [true, called]]
        photos = look.up((id, "", f"{true} called {called}, photo {id}") for id in ids)[:4]
        if photos:
            rows.append(Row(f"{true} called {called}: {len(photos)} of {often}", photos))
    return Gallery("mistaken", "Photos of the pairs confused most often", rows) if rows else None


def _threshold(results: Values) -> list[Block]:
    selective = results.get("selective")
    if not selective:
        return []
    ends = selective["intervals"]
    marked = [(selective["shown"], selective["shown_error"], f"own threshold {selective['threshold']:.3f}")]
    at = selective["threshold_at_error"].get(ADVISED)
    if at is not None:
        marked.append(
            (selective["coverage_at_error"][ADVISED], float(ADVISED), f"5 % errors: threshold {at:.3f}")
        )
    targets = []
    for target in TARGETS:
        at = selective["threshold_at_error"].get(target)
        name = f"coverage_at_error.{target}"
        targets.append(
            (
                f"at most {100 * float(target):g} %",
                "none" if at is None else _threshold_text(at),
                percent(selective["coverage_at_error"].get(target, 0.0), ends.get(name, ())),
            )
        )
    blocks: list[Block] = [
        "A recommendation is three items; it is wrong when none of them is of the photo's type. It is shown when the "
        "confidence reaches the threshold, and the confidence never sees a class. Thresholds were read off these "
        "photos; on others they keep to their error about as well as the intervals say.",
        Table(
            "Choose by the errors you can bear",
            ("errors among answers", "threshold", "photos answered"),
            targets,
            strong=TARGETS.index(ADVISED),
        ),
        Chart(
            "error-coverage",
            "Error against coverage: each point of the line is a threshold",
            "; ".join(f"{percent(part)} answered at {percent(error)} error" for part, error, _ in marked),
            3.9,
            partial(charts.error_against_coverage, curve=selective["curve"], marked=marked),
        ),
        Table(
            "Choose by the threshold",
            ("threshold", "photos answered", "errors among answers"),
            [
                (f"{row['threshold']:g}", percent(row["coverage"]), percent(row["error"]))
                for row in selective["table"]
            ],
        ),
        Table(
            "What the confidence is worth",
            ("", "value"),
            [
                (name, _interval_text(selective[key], ends.get(key, ())))
                for name, key in (
                    ("AURC: area under error and coverage", "aurc"),
                    ("AUGRC: the same of wrong answers among all photos", "augrc"),
                    ("E-AURC: AURC above that of a perfect order", "eaurc"),
                )
            ]
            + [
                (f"error when {100 * float(part):g} % are answered", percent(error, ends.get(key, ())))
                for part, error in selective["error_at_coverage"].items()
                for key in [f"error_at_coverage.{part}"]
            ],
        ),
    ]
    series = {}
    for name, found in (
        ("confidence of a recommendation", selective.get("reliability")),
        ("probability by the network", (results.get("classification") or {}).get("calibration")),
    ):
        if found:
            label = f"{name} (ECE {100 * found['ece']:.1f} %)"
            series[label] = (found["confidence"], found["accuracy"], found["counts"])
    if series:
        blocks.append(
            Chart(
                "reliability",
                "Is a confidence of 80 % right 80 times in 100? On the dotted line, yes; larger dots: more photos",
                "; ".join(series),
                3.8,
                partial(charts.reliability, series=series),
            )
        )
    return blocks


def _interval_text(value: float, ends: Sequence[float]) -> str:
    text = f"{value:.4f}"
    return f"{text} ({ends[0]:.4f}–{ends[1]:.4f})" if len(ends) == 2 else text


def _recommendations(results: Values) -> list[Block]:
    selective = results.get("selective") or {}
    look = _Photos(results)
    kinds: dict[tuple[bool, bool], list[Row]] = {}
    for one in selective.get("examples", ()):
        photos = look.up(
            [
                (one["id"], one["type"], f"query: {one['type']}, photo {one['id']}"),
                *(
                    (item, kind, f"recommended: {kind}, photo {item}")
                    for item, kind in zip(one["items"], one["item_types"], strict=True)
                ),
            ]
        )
        if len(photos) == 1 + len(one["items"]):
            row = Row(f"confidence {one['confidence']:.2f}", photos, query=True)
            kinds.setdefault((one["shown"], one["right"]), []).append(row)
    titles = {
        (True, True): ("shown-right", "Shown, and one of the three fits"),
        (True, False): ("shown-wrong", "Shown, and none fits"),
        (False, True): ("withheld-right", "Withheld, though one would have fitted"),
        (False, False): ("withheld-wrong", "Withheld, and none would have fitted"),
    }
    return [Gallery(name, title, kinds[kind]) for kind, (name, title) in titles.items() if kind in kinds]


def _few_shot(results: Values) -> list[Block]:
    episodes = results.get("few_shot", {})
    if not episodes:
        return []
    names = {
        name: f"{name.partition('x')[0]} types, {_photos(name.partition('x')[2])} each" for name in episodes
    }
    told = [(names[name], one["accuracy"], one["interval"]) for name, one in episodes.items()]
    return [
        "Types the network never learned, drawn again and again: name a photo from so few examples of each type. "
        "The interval is over the episodes.",
        Chart(
            "few-shot",
            "Few-shot accuracy",
            "; ".join(f"{name}: {percent(value, ends)}" for name, value, ends in told),
            1.0 + 0.42 * len(told),
            partial(charts.interval_dots, rows=told, x="accuracy, %"),
        ),
        Table(
            "Photos named one by one, or together (transductive); asked for equally often, or not",
            ("", "one by one", "together", "unequally, one by one", "unequally, together", "episodes"),
            [
                (
                    names[name],
                    percent(one["accuracy"], one["interval"]),
                    percent(one["transductive"], one["transductive_interval"]),
                    percent(one["unbalanced"], one["unbalanced_interval"]),
                    percent(one["unbalanced_transductive"], one["unbalanced_transductive_interval"]),
                    f"{one['episodes']:,}",
                )
                for name, one in episodes.items()
            ],
        ),
    ]


def _photos(count: str) -> str:
    return "1 photo" if count == "1" else f"{count} photos"


def _retrieval(results: Values) -> list[Block]:
    rankings = results.get("retrieval", {})
    if not rankings:
        return []
    curves = {
        f"{SCENARIOS.get(number, number)} (mAP {100 * one['map']:.1f} %)": one["curve"]
        for number, one in rankings.items()
    }
    return [
        "For each test photo all support photos are put in order of likeness; a good order has those of its type "
        "first.",
        Chart(
            "precision-recall",
            "Precision and recall, mean over the test photos",
            "; ".join(curves),
            3.7,
            partial(charts.precision_recall, curves=curves),
        ),
        Table(
            "Figures of the order",
            ("", "mAP", "first is right", "R-precision", "MAP@R", "precision at 10", "photos"),
            [
                (
                    SCENARIOS.get(number, number),
                    percent(one["map"], one["interval"]),
                    percent(one["precision_at_1"]),
                    percent(one["r_precision"]),
                    percent(one["map_at_r"]),
                    percent(one["precision_at"]["10"]) if "10" in one["precision_at"] else "–",
                    f"{one['n_queries']:,}",
                )
                for number, one in rankings.items()
            ],
        ),
    ]


def _style(results: Values) -> list[Block]:
    blocks: list[Block] = []
    if style := results.get("style"):
        for number, one in style["scenarios"].items():
            blocks.append(
                Table(
                    f"What the three items share with the photo: {SCENARIOS.get(number, number)}",
                    ("", "by type alone", "in style"),
                    [
                        ("type", percent(one["plain"]["same_type"]), percent(one["styled"]["same_type"])),
                        *(
                            (name, percent(one["plain"]["same"][name]), percent(one["styled"]["same"][name]))
                            for name in one["plain"]["same"]
                        ),
                    ],
                )
            )
    if text := results.get("text"):
        blocks.append(
            Table(
                f"A product's name looked for among {text['n_pool']:,} photos",
                ("names of", "found first", "found among ten", "names"),
                [
                    (name, percent(one["recall_at_1"]), percent(one["recall_at_10"]), f"{one['n']:,}")
                    for name, one in text["queries"].items()
                ],
            )
        )
    return blocks


def _maps(results: Values) -> list[Block]:
    blocks: list[Block] = []
    if maps := results.get("maps"):
        how = {"t-sne": "t-SNE", "pca": "principal components"}.get(maps["method"], maps["method"])
        blocks.append(
            f"The map ({how}) is fitted on training photos; test photos are placed in it, so that both pictures "
            "show one space. Large marks are the centroids of the classes. Distances between far clusters mean little."
        )
        frame = _frame(maps)
        for split, found in maps["splits"].items():
            blocks.append(
                Chart(
                    f"map-{split}",
                    f"Map of {split}: {len(found['ids']):,} photos of {len(maps['labels'])} classes",
                    f"Scatter plot of {_listed(maps['labels'])}; which of them overlap is in the table below",
                    4.6,
                    partial(
                        charts.class_map,
                        labels=maps["labels"],
                        classes=found["classes"],
                        points=found["points"],
                        centroids=found["centroids"],
                        frame=frame,
                    ),
                )
            )
        blocks += _overlap(maps["overlap"])
    if between := results.get("between"):
        blocks += _between(results, between)
    return blocks


def _frame(maps: Values) -> list[float]:
    """What of the map to show: all of it, with a margin."""
    points = [point for split in maps["splits"].values() for point in (*split["points"], *split["centroids"])]
    frame: list[float] = []
    for axis in (0, 1):
        low, high = min(p[axis] for p in points), max(p[axis] for p in points)
        margin = 0.05 * (high - low) or 1.0
        frame += [low - margin, high + margin]
    return frame


def _overlap(overlap: Values) -> list[Block]:
    pairs = overlap["pairs"]
    correlation = overlap["correlation"]
    if correlation is None:
        said = "Whether classes that overlap are those that are confused cannot be said: nothing varies."
    else:
        often = sorted(pairs, key=lambda pair: -pair[3])[:MOST_CONFUSED]
        near = sorted(pairs, key=lambda pair: -pair[2])[:MOST_CONFUSED]
        both = [f"{a} and {b}" for a, b, *_ in often if [a, b] in [pair[:2] for pair in near]]
        verdict = (
            "Classes that overlap in the map are the ones that get confused"
            if correlation >= 0.5
            else "Overlap in the map says something of what gets confused"
            if correlation >= 0.2
            else "Overlap in the map says little of what gets confused"
        )
        said = (
            f"{verdict}: Spearman's correlation over the {len(pairs)} pairs is {correlation:.2f} "
            f"(permutation p = {overlap['p_value']:.3f})."
        )
        if both:
            said += (
                f" Among the {MOST_CONFUSED} nearest and the {MOST_CONFUSED} most confused: {_listed(both)}."
            )
    return [
        said,
        Chart(
            "overlap",
            "Overlap in the map, and confusion when named from the support set; each dot is a pair of classes",
            said,
            3.5,
            partial(charts.overlap_and_confusion, pairs=pairs),
        ),
        Table(
            "The pairs that overlap most",
            ("", "overlap in the map", "one called the other"),
            [(f"{a} and {b}", percent(x), percent(y)) for a, b, x, y in pairs[:8]],
        ),
    ]


def _between(results: Values, between: Values) -> list[Block]:
    look = _Photos(results)
    first, second = between["classes"]
    apart = _listed(f"{value:.2f} in {split}" for split, value in between["apart"].items())
    moved = _listed(f"{value:.2f} for {name}" for name, value in between["moved"].items())
    one, other = between["apart"]
    blocks: list[Block] = [
        f"{first} and {second}: their centroids are {apart} apart (vectors have length 1). From {one} to {other} a "
        f"centroid moves by {moved}."
    ]
    nearest = [
        Row(
            split,
            look.up(
                (id, name, f"photo {id}, the nearest to the centroid of {name} in {split}")
                for id, name in zip(ids, between["classes"], strict=True)
            ),
        )
        for split, ids in between["nearest"].items()
    ]
    ways = [
        Row(
            split,
            look.up(
                (id, f"{kind} {place:.2f}", f"photo {id}, {kind}, at {place:.2f} of the way in {split}")
                for id, kind, place in way
            ),
        )
        for split, way in between["way"].items()
    ]
    for name, title, rows in (
        ("centroids", "The photo nearest to each centroid", nearest),
        ("transition", f"Along the line from {first} (0) to {second} (1), by place on it", ways),
    ):
        if any(row.photos for row in rows):
            blocks.append(Gallery(name, title, rows))
    return blocks


def _every_class(results: Values) -> list[Block]:
    blocks: list[Block] = []
    for part, scores in results.get("per_class", {}).items():
        if part not in ("classification", "scenarios.2", "scenarios.3", "scenarios.pair", "categories"):
            continue
        ordered = sorted(scores.items(), key=lambda each: (-each[1]["f1"], each[0]))
        rows = [
            (
                name,
                100 * score["f1"],
                f"{100 * score['precision']:.0f} / {100 * score['recall']:.0f}, {score['support']}",
            )
            for name, score in ordered
        ]
        blocks.append(
            Chart(
                f"classes-{part.replace('.', '-')}",
                f"{PARTS[part].capitalize()}: F1; behind each: precision / recall in %, test photos",
                f"Best: {rows[0][0]} ({rows[0][1]:.0f} %); worst: {rows[-1][0]} ({rows[-1][1]:.0f} %)",
                0.8 + 0.2 * len(rows),
                partial(charts.bars, rows=rows, x="F1, %"),
            )
        )
    return blocks


def _typical(results: Values) -> list[Block]:
    examples = results.get("examples") or {}
    look = _Photos(results)
    rows = []
    for name, one in examples.get("classes", {}).items():
        photos = look.up(
            [(id, "typical", f"{name}, typical, photo {id}") for id in one["typical"]]
            + [(id, "odd", f"{name}, odd, photo {id}") for id in one["odd"]]
        )
        if photos:
            rows.append(Row(name, photos))
    if not rows:
        return []
    return [
        "Typical photos are nearest to the mean of their class, odd ones farthest from it: unusual items, and now and "
        "then a wrong label.",
        Gallery("typical", "Test photos of each class", rows),
    ]


def _learning(results: Values) -> list[Block]:
    history = results.get("history") or []
    if len(history) < 2:
        return []
    first, last = history[0], history[-1]
    return [
        Chart(
            "learning",
            "Learning curve",
            f"The loss went from {first['loss']:.2f} to {last['loss']:.2f} over {last['photos']:,.0f} photos shown",
            3.4,
            partial(charts.learning_curve, history=history),
        )
    ]


def _notes(results: Values) -> list[Block]:
    said: list[Block] = [f"Note: {note}." for note in results.get("notes", ())]
    said += [f"Not measured: {part} ({reason})." for part, reason in results.get("skipped", {}).items()]
    for name, split in results["data"]["splits"].items():
        if split["missing"]:
            said.append(f"{len(split['missing']):,} photos of {name} are not in the data.")
    if not results.get("examples"):
        said.append("Maps and photos are shown when the model is evaluated with --maps.")
    versions = ", ".join(f"{name} {version}" for name, version in results.get("versions", {}).items())
    said.append(
        "Balanced accuracy is the mean of the classes' recalls. Intervals come from drawing classes again, those of "
        "few-shot episodes from the episodes; they say how far a figure would move with other classes. A support "
        "set is a few labelled photos of each class that the network is shown without learning from them."
    )
    if versions:
        said.append(f"Measured with {versions}.")
    return said


class _Photos:
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
