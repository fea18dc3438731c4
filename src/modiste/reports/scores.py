"""The sections of numbers: results → texts, tables and charts.

A function whose part is not in the results returns nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from modiste.errors import DataError
from modiste.reports import charts
from modiste.reports.contents import Block, Chart, Table, Values
from modiste.reports.sights import mistaken
from modiste.reports.wording import (
    ADVISED,
    PARTS,
    SCENARIOS,
    hardest,
    headlines,
    interval_text,
    percent,
    telling_part,
    threshold_text,
)

__all__ = [
    "accuracy",
    "confusion_chart",
    "every_class",
    "failures",
    "few_shot",
    "learning",
    "notes",
    "retrieval",
    "style",
    "threshold",
]

MATRIX_CLASSES = 10
TARGETS = ("0.01", "0.02", "0.05", "0.1")
CLASSES_A_CHART = 40  # as many as fit on a page
ROW = 0.24  # inches that a row of a chart takes


def accuracy(results: Values) -> list[Block]:
    rows = headlines(results)
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


def failures(results: Values, classes: Sequence[str]) -> list[Block]:
    part = telling_part(results)
    if part is None:
        return []
    blocks: list[Block] = []
    worst = hardest(results["per_class"][part])[:12]
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
                partial(charts.bars, rows=rows, x="F1, %", percent=True),
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
                partial(charts.bars, rows=rows, x="photos"),
            )
        )
    matrix = _matrix(results, classes)
    if matrix:
        blocks.append(matrix)
    gallery = mistaken(results, part)
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
            strangers = sorted({*classes} - {*known})
            if not strangers:
                raise DataError(f"{', '.join(classes)}: no part of these results has all of them")
            raise DataError(
                f"{', '.join(strangers)}: no class of these results; there are {', '.join(known)}"
            )
    if part is None:
        return None
    labels: list[str] = confusions[part]["labels"]
    counts = confusions[part]["matrix"]
    chosen = list(dict.fromkeys(classes))
    if not chosen:
        mapped = [label for label in (results.get("maps") or {}).get("labels", ()) if label in labels]
        chosen = mapped or labels[:MATRIX_CLASSES]
    title = f"Confusion matrix of {len(chosen)} classes, {PARTS[part]}, in photos"
    return confusion_chart("confusion-matrix", title, labels, counts, chosen)


def confusion_chart(
    name: str, title: str, labels: Sequence[str], counts: Sequence[Sequence[int]], chosen: Sequence[str]
) -> Chart:
    """The rows and columns of the ``chosen`` labels of a confusion matrix, and one column for all others."""
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
    return Chart(
        name,
        title,
        "; ".join(said),
        max(3.2, 1.7 + 0.33 * len(chosen)),
        partial(charts.confusion_matrix, labels=chosen, columns=columns, counts=rows),
    )


def threshold(results: Values) -> list[Block]:
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
                f"at most {100 * float(target):g}\xa0%",
                "none" if at is None else threshold_text(at),
                percent(selective["coverage_at_error"].get(target, 0.0), ends.get(name, ())),
            )
        )
    blocks: list[Block] = [
        "A recommendation is three items; it is wrong when none of them is of the photo's type. It is "
        "shown when the confidence reaches the threshold, and the confidence never sees a class. "
        "Thresholds were read off these photos; on others they keep to their error about as well as the "
        "intervals say.",
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
                (name, interval_text(selective[key], ends.get(key, ())))
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
                "Is a confidence of 80 % right 80 times in 100? On the dotted line, yes; larger dots: "
                "more photos",
                "; ".join(series),
                3.8,
                partial(charts.reliability, series=series),
            )
        )
    return blocks


def few_shot(results: Values) -> list[Block]:
    episodes = results.get("few_shot", {})
    if not episodes:
        return []
    names = {
        name: f"{name.partition('x')[0]} types, {_photos(name.partition('x')[2])} each" for name in episodes
    }
    told = [(names[name], one["accuracy"], one["interval"]) for name, one in episodes.items()]
    return [
        "Types the network never learned, drawn again and again: name a photo from so few examples of "
        "each type. The interval is over the episodes.",
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


def retrieval(results: Values) -> list[Block]:
    rankings = results.get("retrieval", {})
    if not rankings:
        return []
    curves = {
        f"{SCENARIOS.get(number, number)} (mAP {100 * one['map']:.1f} %)": one["curve"]
        for number, one in rankings.items()
    }
    return [
        "For each test photo all support photos are put in order of likeness; a good order has those of "
        "its type first. By neighbourhoods, each photo also stands for those most like it.",
        Chart(
            "precision-recall",
            "Precision and recall, mean over the test photos",
            "; ".join(curves),
            3.7,
            partial(charts.precision_recall, curves=curves),
        ),
        Table(
            "Figures of the order",
            (
                "",
                "mAP",
                "mAP by neighbourhoods",
                "first is right",
                "R-precision",
                "MAP@R",
                "precision at 10",
                "photos",
            ),
            [
                (
                    SCENARIOS.get(number, number),
                    percent(one["map"], one["interval"]),
                    percent(one["expanded"]["map"], one["expanded"]["interval"])
                    if one.get("expanded")
                    else "–",
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


def style(results: Values) -> list[Block]:
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


def every_class(results: Values) -> list[Block]:
    blocks: list[Block] = []
    for part, scores in results.get("per_class", {}).items():
        if part not in ("classification", "scenarios.2", "scenarios.3", "scenarios.pair", "categories"):
            continue
        ordered = sorted(scores.items(), key=lambda each: (-each[1]["f1"], each[0]))
        for start in range(0, len(ordered), CLASSES_A_CHART):
            rows = [
                (
                    name,
                    100 * score["f1"],
                    f"{100 * score['precision']:.0f} / {100 * score['recall']:.0f}, {score['support']}",
                )
                for name, score in ordered[start : start + CLASSES_A_CHART]
            ]
            name = f"classes-{part.replace('.', '-')}" + (f"-{start + 1}" if start else "")
            blocks.append(
                Chart(
                    name,
                    f"{PARTS[part].capitalize()}: F1; behind each: precision / recall in %, test photos"
                    + (f" (from number {start + 1} on)" if start else ""),
                    f"Best: {rows[0][0]} ({rows[0][1]:.0f} %); worst: {rows[-1][0]} ({rows[-1][1]:.0f} %)",
                    0.8 + 0.2 * len(rows),
                    partial(charts.bars, rows=rows, x="F1, %", percent=True),
                )
            )
    return blocks


def learning(results: Values) -> list[Block]:
    history = results.get("history") or []
    if len(history) < 2 or not {"photos", "loss", "rate"} <= history[0].keys():
        return []
    first, last = history[0], history[-1]
    return [
        Chart(
            "learning",
            "Learning curve",
            f"The loss went from {first['loss']:.2f} to {last['loss']:.2f} over {last['photos']:,.0f} "
            "photos shown",
            3.4,
            partial(charts.learning_curve, history=history),
        )
    ]


def notes(results: Values) -> list[Block]:
    said: list[Block] = [f"Note: {note}." for note in results.get("notes", ())]
    said += [f"Not measured: {part} ({reason})." for part, reason in results.get("skipped", {}).items()]
    for name, split in results["data"]["splits"].items():
        if split["missing"]:
            said.append(f"{len(split['missing']):,} photos of {name} are not in the data.")
    if not results.get("examples"):
        said.append("Maps and photos are shown when the model is evaluated with --maps.")
    versions = ", ".join(f"{name} {version}" for name, version in results.get("versions", {}).items())
    said.append(
        "Balanced accuracy is the mean of the classes' recalls. Intervals come from drawing classes "
        "again, those of few-shot episodes from the episodes; they say how far a figure would move with "
        "other classes. A support set is a few labelled photos of each class that the network is shown "
        "without learning from them."
    )
    if versions:
        said.append(f"Measured with {versions}.")
    return said
