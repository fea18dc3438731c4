"""Results as a person reads them: a table and a few sentences, in Markdown that is fine in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from modiste.evaluation.results import Results, Scenario

__all__ = ["markdown_table", "summary"]

_TITLES = {
    "1": "1. train → main_test",
    "2": "2. main_support → main_test",
    "3": "3. new_support → new_test",
    "4": "4. both supports → both tests",
    "pair": "support → test",
}
_NAMED_AT_MOST = 5


def summary(results: Results) -> str:
    """The main figures, and whatever one must know to read them; no line break at the end.

    They are rounded here and nowhere else: `Results` has them whole.
    """
    table: list[tuple[str, ...]] = [("", "accuracy", "balanced", "photos", "method")]
    if results.classification:
        score = results.classification
        figures = _figures(score.accuracy, score.balanced_accuracy)
        table.append(("classification", *figures, f"{score.n:,}", results.model.named_by))
    table += [_row(_TITLES.get(number, number), scenario) for number, scenario in results.scenarios.items()]
    if results.categories:
        table.append(
            _row("categories, as in 2." if "2" in results.scenarios else "categories", results.categories)
        )

    paragraphs = [f"Model {results.model.id}, {results.model.regime} regime"]
    if len(table) > 1:
        paragraphs.append(markdown_table(table))
    paragraphs += _new_types(results)
    paragraphs += _recommendation(results)
    paragraphs += _style(results)
    paragraphs += _text(results)
    paragraphs += [f"Not measured: {part} ({reason})." for part, reason in results.skipped.items()]
    paragraphs += [f"Note: {note}." for note in results.notes]
    for name, split in results.data.splits.items():
        if split.missing:
            some = ", ".join(split.missing[:_NAMED_AT_MOST])
            more = " …" if len(split.missing) > _NAMED_AT_MOST else ""
            paragraphs.append(
                f"Missing: {len(split.missing):,} photos of {name} are not in the data ({some}{more})."
            )
    return "\n\n".join(paragraphs)


def _new_types(results: Results) -> list[str]:
    """Few-shot episodes and retrieval, a line each."""
    lines = []
    for name, found in results.few_shot.items():
        ways, shots = name.split("x")
        lines.append(
            f"{ways} types from {shots} photo{'' if shots == '1' else 's'} each: accuracy "
            f"{found.accuracy:.3f} ± {(found.interval[1] - found.interval[0]) / 2:.3f} "
            f"({found.episodes:,} episodes), named together {found.transductive:.3f}."
        )
    for name, ranked in results.retrieval.items():
        lines.append(
            f"Retrieval, as in {name}: mAP {ranked.map:.3f}, precision@1 {ranked.precision_at_1:.3f}, "
            f"R-precision {ranked.r_precision:.3f}, MAP@R {ranked.map_at_r:.3f}"
            + (f"; by neighbourhoods, mAP {ranked.expanded.map:.3f}." if ranked.expanded else ".")
        )
    return ["\n".join(lines)] if lines else []


def _recommendation(results: Results) -> list[str]:
    found = results.selective
    if found is None:
        return []
    table = [("errors allowed", "queries answered")]
    table += [(f"{float(error):.0%}", f"{share:.1%}") for error, share in found.coverage_at_error.items()]
    return [
        f"Recommendation: {found.n_test:,} queries, {found.n_support:,} items, "
        f"hit rate {found.hit_rate:.3f}. "
        f"Confidence: AURC {found.aurc:.4f}, E-AURC {found.eaurc:.4f}, AUGRC {found.augrc:.4f}. "
        f"At the model's threshold, {found.threshold:.3f}, it answers {found.shown:.1%} of the queries and "
        f"{found.shown_error:.1%} of those answers are wrong.",
        markdown_table(table),
    ]


def _style(results: Results) -> list[str]:
    found = results.style
    if found is None:
        return []
    names = list(found.named)
    table: list[tuple[str, ...]] = [
        ("of the first three items", "of the type", "one of three", *(f"same {name}" for name in names))
    ]
    for number, scenario in found.scenarios.items():
        for what, alike in (("by type", scenario.plain), ("in style", scenario.styled)):
            same = (f"{alike.same[name]:.3f}" if name in alike.same else "–" for name in names)
            figures = _figures(alike.same_type, alike.hit_rate)
            table.append((f"{_TITLES.get(number, number)}, {what}", *figures, *same))
    said = ", ".join(f"{name} {share:.3f}" for name, share in found.named.items())
    return [
        f"Style: agreement is worth {found.pull:g} of similarity, among the {found.among} nearest. "
        f"Named right: {said}.",
        markdown_table(table),
    ]


def _text(results: Results) -> list[str]:
    found = results.text
    if found is None:
        return []
    table: list[tuple[str, ...]] = [
        ("names of", "recall@1", "recall@10", "same name @1", "same name @10", "queries")
    ]
    for split, r in found.queries.items():
        shares = _figures(r.recall_at_1, r.recall_at_10, r.same_name_at_1, r.same_name_at_10)
        table.append((split, *shares, f"{r.n:,}"))
    return [f"Text: names looked for among {found.n_pool:,} photos.", markdown_table(table)]


def _row(title: str, scenario: Scenario) -> tuple[str, ...]:
    figures = _figures(scenario.accuracy, scenario.balanced_accuracy)
    return (title, *figures, f"{scenario.n_test:,}", scenario.method)


def _figures(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in values)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns also line up as plain text: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = " | ".join("-" * (width - 1) + ":" if at else "-" * width for at, width in enumerate(widths))
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))
