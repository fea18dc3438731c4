"""Results of `modiste score` and `modiste train --label` → what a report says of them, in order.

They are the plain values of their JSON, by part; every number comes from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from modiste.errors import DataError
from modiste.reports import charts
from modiste.reports.contents import Block, Chart, Gallery, Report, Row, Section, Table, Values
from modiste.reports.scores import confusion_chart
from modiste.reports.wording import FEW_PHOTOS, Thumbnails, hardest, listed, percent

__all__ = ["compose_labels", "holds_labels"]

PARTS = ("test", "val")  # the most telling first
WORST = 5
MISTAKES = 12
ROWS, PHOTOS = 6, 4  # of a gallery
MATRIX_LABELS = 20
NAMED = 12
CLASSES_A_CHART = 40  # as many as fit on a page
ROW = 0.24  # inches that a row of a chart takes
TRUSTED = 0.8


def holds_labels(values: object) -> bool:
    """Whether these are the results of labels, by part."""
    return (
        isinstance(values, dict)
        and bool(values)
        and all(isinstance(part, dict) and {"tasks", "labels"} <= part.keys() for part in values.values())
    )


def compose_labels(results: Mapping[str, Values], classes: Sequence[str] = ()) -> Report:
    """What a report says of these results: of the part ``test``, else ``val``, else the last.

    ``classes`` are those of the confusion matrix: without any, the most frequent ones of each group.
    `DataError` names a class that is not in the results.
    """
    part = next((name for name in PARTS if name in results), list(results)[-1])
    found = results[part]
    held_out = " that it had not learned from" if part in PARTS else ""
    sections = [
        Section(key, title, blocks)
        for key, title, blocks in (
            ("accuracy", "How good", _accuracy(results, found)),
            ("failures", "Where it fails", _failures(found, classes)),
            ("types", "Every label", _every_label(found)),
            ("notes", "How this was measured", _notes(found)),
        )
        if blocks
    ]
    return Report(
        f"How good is {found['model']}?",
        f"{len(found['labels']):,} labels, measured on {found['n']:,} photos{held_out} ({part}).",
        [
            Section(key, title, blocks, headline)
            for key, title, (headline, blocks) in (
                ("good", "How good", _good(found)),
                ("fails", "Where it fails", _fails(found)),
                ("trust", "Which labels to trust", _trusted(found)),
            )
        ],
        sections,
    )


def _single(found: Values) -> bool:
    """Whether each photo bears one label of all."""
    return [len(task["labels"]) for task in found["tasks"].values()] == [len(found["labels"])]


def _good(found: Values) -> tuple[str, list[Block]]:
    whole = f"{percent(found['subset_accuracy'])} of the photos have all their labels and none too many."
    if _single(found):
        [task] = found["tasks"].values()
        return percent(found["accuracy"]), [
            f"{percent(found['accuracy'])} of the photos are named right; "
            f"{percent(task['balanced_accuracy'])} in the mean over the labels."
        ]
    if found["accuracy"] is not None:
        return percent(found["accuracy"]), [
            f"{percent(found['accuracy'])} of the photos are named right, in the mean over "
            f"{len(found['tasks'])} groups of labels.",
            whole,
        ]
    return percent(found["f1_micro"]), [
        f"F1 over all labels together is {percent(found['f1_micro'])}, in the mean over the labels "
        f"{percent(found['f1_macro'])}.",
        whole,
    ]


def _fails(found: Values) -> tuple[str, list[Block]]:
    mistakes = found.get("mistakes") or []
    said: list[Block] = []
    if mistakes:
        each = [f"{_mistake(one)} ({_photos(len(one['photos']))})" for one in mistakes[:3]]
        said.append(f"Most often: {listed(each)}.")
    if worst := hardest(found["labels"])[:WORST]:
        names = [f"{name} ({100 * score['f1']:.0f})" for name, score in worst]
        said.append(f"Hardest, by F1 in %: {listed(names)}.")
    return (_mistake(mistakes[0]) if mistakes else ""), said or ["Nothing was named wrongly."]


def _trusted(found: Values) -> tuple[str, list[Block]]:
    borne = {name: score for name, score in found["labels"].items() if score["support"]}
    good = [name for name, score in borne.items() if score["f1"] >= TRUSTED]
    said: list[Block] = [
        f"{len(good)} of the {len(borne)} labels that a photo bears reach an F1 of {100 * TRUSTED:.0f}\xa0%"
        + (f": {listed(good)}." if good and len(good) <= NAMED else ".")
    ]
    if rare := [name for name, score in borne.items() if score["support"] < FEW_PHOTOS]:
        names = listed(rare) if len(rare) <= NAMED else f"{len(rare)} of them"
        said.append(f"On fewer than {FEW_PHOTOS} photos, so that their figures mean little: {names}.")
    return f"{len(good)} of {len(borne)}", said


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"


def _mistake(one: Values) -> str:
    """A kind of mistake in words.

    >>> _mistake({"true": "Boots", "said": "Heels"}), _mistake({"true": "hood", "said": ""})
    ('Boots → Heels', 'hood missed')
    >>> _mistake({"true": "fit:tight", "said": "fit:loose"})
    'fit: tight → loose'
    """
    if one["true"] and one["said"]:
        group, _, true = one["true"].rpartition(":")
        same, _, said = one["said"].rpartition(":")
        return f"{group}: {true} → {said}" if group and group == same else f"{one['true']} → {one['said']}"
    return f"{one['true']} missed" if one["true"] else f"{one['said']} where there is none"


def _accuracy(results: Mapping[str, Values], found: Values) -> list[Block]:
    figures = [
        ("F1, mean of the labels", "f1_macro"),
        ("precision", "precision_macro"),
        ("recall", "recall_macro"),
        ("mAP", "mean_average_precision"),
    ]
    if not _single(found):  # otherwise they are the accuracy
        figures[:0] = [("all labels right", "subset_accuracy"), ("F1, all together", "f1_micro")]
    if found["accuracy"] is not None:
        figures.insert(0, ("accuracy", "accuracy"))
    blocks: list[Block] = [
        Table(
            "Figures of the photos held out; precision and recall are means of the labels",
            ("", "photos", *(name for name, _ in figures)),
            [
                (
                    part,
                    f"{one['n']:,}",
                    *("–" if one[key] is None else percent(one[key]) for _, key in figures),
                )
                for part, one in results.items()
            ],
        )
    ]
    tasks = found["tasks"]
    if len(tasks) > 1:
        rows = sorted(((name, task["accuracy"], ()) for name, task in tasks.items()), key=lambda row: -row[1])
        blocks += [
            Chart(
                "groups",
                "Accuracy of each group: the most probable label is the right one",
                "; ".join(f"{name}: {percent(value)}" for name, value, _ in rows),
                1.0 + 0.42 * len(rows),
                partial(charts.interval_dots, rows=rows, x="accuracy, %"),
            ),
            Table(
                "Groups",
                ("", "labels", "accuracy", "balanced accuracy", "photos"),
                [
                    (
                        name,
                        f"{len(task['labels'])}",
                        percent(task["accuracy"]),
                        percent(task["balanced_accuracy"]),
                        f"{task['n']:,}",
                    )
                    for name, task in tasks.items()
                ],
            ),
        ]
    return blocks


def _failures(found: Values, classes: Sequence[str]) -> list[Block]:
    blocks: list[Block] = []
    if worst := hardest(found["labels"])[:MISTAKES]:
        blocks.append(
            _bars(
                "hardest",
                "The hardest labels by F1; behind each: precision / recall in %, photos",
                dict(worst),
            )
        )
    mistakes = found.get("mistakes") or []
    if most := mistakes[:MISTAKES]:
        rows = [
            (_mistake(one), len(one["photos"]), f"{percent(one['share'])} of {one['true'] or one['said']}")
            for one in most
        ]
        blocks.append(
            Chart(
                "mistakes",
                "The most frequent mistakes: what it is → what was said",
                "; ".join(f"{label}: {often} photos" for label, often, _ in rows),
                0.8 + ROW * len(rows),
                partial(charts.bars, rows=rows, x="photos"),
            )
        )
    blocks += _matrices(found, classes)
    look = Thumbnails({"examples": {"thumbnails": found.get("thumbnails") or {}}})
    shown = []
    for one in mistakes:
        photos = look.up((id, "", f"{_mistake(one)}, photo {id}") for id in one["photos"])[:PHOTOS]
        if photos:
            shown.append(Row(f"{_mistake(one)}: {len(photos)} of {len(one['photos']):,}", photos))
    if shown:
        blocks.append(Gallery("mistaken", "Photos named wrongly", shown[:ROWS]))
    return blocks


def _matrices(found: Values, classes: Sequence[str]) -> list[Block]:
    """The confusion matrix of each group: of its most frequent labels, or of ``classes``."""
    known = {label for task in found["tasks"].values() for label in task["labels"]}
    if strangers := sorted({*classes} - known):
        raise DataError(
            f"{', '.join(strangers)}: no label of a group in these results; "
            f"there are {', '.join(sorted(known)) or 'none, as each label stands alone'}"
        )
    blocks: list[Block] = []
    for name, task in found["tasks"].items():
        labels, counts = task["labels"], task["confusion"]
        chosen = [label for label in dict.fromkeys(classes) if label in labels]
        if classes and not chosen:
            continue
        often = {label: sum(row) for label, row in zip(labels, counts, strict=True)}
        if not chosen:
            frequent = {*sorted(labels, key=lambda label: -often[label])[:MATRIX_LABELS]}
            chosen = [label for label in labels if label in frequent]
        which = "" if len(found["tasks"]) == 1 else f" of {name}"
        title = f"Confusion matrix{which}: {len(chosen)} labels, in photos"
        short = [label.removeprefix(f"{name}:") for label in labels]
        chosen = [label.removeprefix(f"{name}:") for label in chosen]
        blocks.append(confusion_chart(f"confusion-matrix-{len(blocks) + 1}", title, short, counts, chosen))
    return blocks


def _every_label(found: Values) -> list[Block]:
    ordered = sorted(found["labels"].items(), key=lambda each: (-each[1]["f1"], each[0]))
    return [
        _bars(
            "labels" + (f"-{start + 1}" if start else ""),
            "F1; behind each: precision / recall in %, photos"
            + (f" (from number {start + 1} on)" if start else ""),
            dict(ordered[start : start + CLASSES_A_CHART]),
        )
        for start in range(0, len(ordered), CLASSES_A_CHART)
    ]


def _bars(name: str, title: str, scores: Mapping[str, Values]) -> Chart:
    rows = [
        (
            label,
            100 * score["f1"],
            f"{100 * score['precision']:.0f} / {100 * score['recall']:.0f}, {score['support']:,}",
        )
        for label, score in scores.items()
    ]
    return Chart(
        name,
        title,
        "; ".join(f"{label}: F1 {length:.0f} %" for label, length, _ in rows),
        0.8 + 0.2 * len(rows),
        partial(charts.bars, rows=rows, x="F1, %", percent=True),
    )


def _notes(found: Values) -> list[Block]:
    said: list[Block] = [
        "Precision is the share of photos given a label that bear it, recall the share of those that bear it "
        "that were given it, F1 their harmonic mean; mAP is the mean over the labels of the area below "
        "precision and recall. A label that was never learned counts as missed."
    ]
    if found["missing"]:
        said.append(f"Not in the data: {_photos(len(found['missing']))}.")
    if found["misclassified"] and not found.get("thumbnails"):
        said.append("Photos named wrongly are shown when the model is scored with --photos.")
    return said
