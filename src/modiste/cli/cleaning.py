"""``modiste data clean``, ``merge`` and ``map``: other labels than a data set came with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modiste.cli.data import data
from modiste.cli.terminal import ModelName, Quiet, examples, note, print_json, progress_bars, step, write_json

if TYPE_CHECKING:
    import pandas as pd

    from modiste.datasets.refining import RefiningRecipe

SHOWN_AT_MOST = 20

JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the figures to FILE; - prints them.")
]
Level = Annotated[str, typer.Option(metavar="COLUMN", help="The column of labels that is meant.")]


@data.command(
    epilog=examples(
        "modiste data clean photos.zip --refine --out styles_cleaned.csv",
        "modiste data clean photos.zip --refine --more-than 200 --keep Jeans --out cleaned.csv --json -",
        "modiste data clean photos.zip --label-map merged.csv --out styles_merged.csv",
        "modiste data clean photos.zip --splits splits/dev --splits-out splits/dev-clean",
    )
)
def clean(
    sources: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders, zips or tables of photos, used as one.")
    ],
    refine: Annotated[
        bool, typer.Option("--refine", help="Make one class per photo from a noisy hierarchy of labels.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Where to write the rows with their new classes.")
    ] = None,
    more_than: Annotated[
        int, typer.Option(metavar="N", help="A subCategory of more photos than this is a class.")
    ] = 105,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE", help="An article type that is a class of its own. Default: Tshirts and Shirts."
        ),
    ] = None,
    at_least: Annotated[int, typer.Option(metavar="N", help="Classes of fewer photos are left out.")] = 5,
    like: Annotated[
        float,
        typer.Option(metavar="COSINE", help="From this likeness on, a Free Item is what its name says."),
    ] = 0.6,
    keep_unknown: Annotated[
        bool, typer.Option("--keep-unknown", help="Let no model name what has no name: it stays Unknown.")
    ] = False,
    model: ModelName = "default",
    map_file: Annotated[
        Path | None,
        typer.Option("--label-map", metavar="CSV", help="Rename classes by the columns from and to."),
    ] = None,
    level: Level = "articleType",
    splits: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Splits to free from duplicates; needs --splits-out.")
    ] = None,
    splits_out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write the splits without leaks.")
    ] = None,
    json_file: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Give photos better labels, or splits that share no photo.

    --refine follows a recipe: masterCategory, or the subCategory where it is large, or some article types;
    small classes are left out; Free Items get the class that their name or their photo is most like.
    --label-map renames the classes of --level (after --refine: the refined ones). --splits takes photos out
    of training parts that a later part has a copy of.
    """
    from modiste.errors import DataError

    if not (refine or map_file or splits):
        raise typer.BadParameter("nothing to do: give --refine, --label-map or --splits")
    if (refine or map_file) and out is None:
        raise typer.BadParameter("--refine and --label-map need --out, the table to write")
    if (splits is None) != (splits_out is None):
        raise typer.BadParameter("--splits and --splits-out go together")

    figures: dict[str, Any] = {}
    if refine or map_file:
        from modiste.datasets import open_listings
        from modiste.datasets.label_map import read_map
        from modiste.datasets.refining import RefiningRecipe

        assert out is not None
        mapping = read_map(map_file) if map_file else None
        table = _joined([listing.table for listing in open_listings(sources)])
        if refine:
            types = RefiningRecipe.keep if keep is None else tuple(keep)
            recipe = RefiningRecipe(more_than, types, at_least, like=like)
            table, refined = _refined(table, recipe, sources, None if keep_unknown else model, quiet)
            figures |= refined
        elif level not in table:
            raise DataError(f"the data has no column {level}; it has {', '.join(table.columns)}")
        if mapping is not None:
            table, moved = _renamed(table, "class" if refine else level, mapping)
            figures |= moved
        _write_table(table, out)
    if splits is not None and splits_out is not None:
        figures["splits"] = _clean_splits(sources, splits, splits_out, quiet)
    if json_file == Path("-"):
        print_json(figures)
        return
    if json_file is not None:
        write_json(figures, json_file)
    _say(figures, out)


@data.command(
    epilog=examples(
        "modiste data merge results.json --dry-run",
        "modiste data merge results.json --at-least 0.4 --out merged.csv",
    )
)
def merge(
    results: Annotated[
        Path,
        typer.Argument(metavar="RESULTS", help="What modiste evaluate or modiste score wrote."),
    ],
    at_least: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Merge when this share of a class's photos is named as another."),
    ] = 0.3,
    part: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The part of the results that is meant. Default: the first."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Where to write the table, for modiste data clean --label-map."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would merge; write nothing.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Merge classes that a model confuses with each other.

    Shows the pairs, the classes they would become, and the accuracy on the same photos before and after. The
    table it writes has the columns from and to, and may be edited.
    """
    from modiste.datasets.label_map import Suggestion, merge_confused, read_confusions, write_map

    if (out is None) != dry_run:
        raise typer.BadParameter("give either --out, the table to write, or --dry-run")
    names, counts = read_confusions(results, part)
    merging = merge_confused(counts, names, at_least=at_least)
    if out is not None:
        write_map(out, (Suggestion(name, target, 1.0) for name, target in merging.mapping.items()))
    figures = merging.as_dict()
    if json_file == Path("-"):
        print_json(figures)
        return
    if json_file is not None:
        write_json(figures, json_file)
    for pair in merging.pairs[:SHOWN_AT_MOST]:
        typer.echo(f"{pair.share:.0%} of {pair.name} named {pair.taken_for} ({pair.photos:,} photos)")
    for group in merging.groups:
        typer.echo(f"{'would become' if dry_run else 'become'} one class: {', '.join(group)}")
    typer.echo(
        f"{figures['classes_before']} classes, accuracy {merging.accuracy_before:.3f} → {figures['classes']} "
        f"classes, {merging.accuracy_after:.3f} on the same photos"
    )
    if out is not None:
        note(f"Written to {out}.")


@data.command(
    "map",
    epilog=examples(
        "modiste data map clothing-dataset.zip photos.zip --out map.csv",
        "modiste data map clothing-dataset.zip default --out map.csv",
        "modiste evaluate default --data clothing-dataset.zip --label-map map.csv --out transfer.json",
    ),
)
def map_labels(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="Data whose labels are to be renamed.")],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="Data, or a model, whose names they are to get.")
    ],
    out: Annotated[Path, typer.Option(metavar="CSV", help="Where to write the table, to be checked.")],
    level: Level = "articleType",
    to_level: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column of labels in TO, where that is data.")
    ] = "articleType",
    json_file: JsonFile = None,
) -> None:
    """Suggest what the labels of one data set are called in another, by how alike the names are.

    The table has the columns from, to and likeness. Check it: an empty to leaves a class out.
    """
    from modiste.datasets.label_map import suggest, write_map

    names = _classes(source, level)
    targets = _classes_of_data_or_model(target, to_level)
    found = suggest(names, targets)
    write_map(out, found)
    figures = {
        "mapped": sum(bool(row.target) for row in found),
        "left_out": [row.name for row in found if not row.target],
        "suggestions": [row._asdict() for row in found],
    }
    if json_file == Path("-"):
        print_json(figures)
        return
    if json_file is not None:
        write_json(figures, json_file)
    for row in found:
        typer.echo(f"{row.name} → {row.target or '(left out)'}  {row.likeness:.2f}")
    note(f"Written to {out}; check it before use.")


# What they share ------------------------------------------------------------------------------------------


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(tables, ignore_index=True).fillna("")


def _refined(
    table: pd.DataFrame, recipe: RefiningRecipe, sources: list[Path], model: str | None, quiet: bool
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table with its refined classes, the Unknown ones named by the model if any, and the figures."""
    from modiste.datasets.refining import refine

    refined, named = refine(table, recipe), 0
    if refined.unknown and model is not None:
        from modiste.cleaning.unknown import name_unknown
        from modiste.datasets import open_dataset
        from modiste.model_folder import load_model

        encoder = load_model(model)
        with progress_bars(quiet) as progress:
            dataset = open_dataset(sources, encoder.preprocess, progress=step(progress, "reading photos"))
            named = name_unknown(refined, dataset, encoder, progress=progress)
    return refined.table, refined.as_dict() | {"named_by_model": named}


def _renamed(
    table: pd.DataFrame, column: str, mapping: dict[str, str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table with its classes renamed, rows of those left out dropped, and the figures of that."""
    from collections import Counter

    from modiste.datasets.info import balance
    from modiste.datasets.label_map import renamed

    labels = renamed(table[column], mapping)
    before = Counter(label for label in table[column] if label)
    kept = table[labels != ""].reset_index(drop=True)
    kept["class"] = labels[labels != ""]
    after = Counter(kept["class"])
    return kept, {
        "mapping": mapping,
        "not_in_data": sorted(set(mapping) - set(before)),
        "mapped_classes_before": len(before),
        "mapped_classes": len(after),
        "mapped_rows": len(kept),
        "mapped_balance": round(balance(list(after.values())), 4),
    }


def _write_table(table: pd.DataFrame, out: Path) -> None:
    """Whole or not at all. The name goes under the heading it has in styles.csv."""
    heading = {"name": "productDisplayName"} if "productDisplayName" not in table else {}
    beside = out.with_name(f".{out.name}.unfinished")
    table.rename(columns=heading).to_csv(beside, index=False)
    beside.replace(out)


def _clean_splits(sources: list[Path], splits: Path, out: Path, quiet: bool) -> dict[str, Any]:
    """Copies of the split files without the rows whose photo a later part has, too."""
    import csv

    from modiste.cleaning.inspection import ID_COLUMNS, inspect, read_parts
    from modiste.datasets.duplicates import joined, without_leaks

    parts = read_parts(splits)
    with progress_bars(quiet) as progress:
        found = inspect(sources, progress=progress)
    kept, removed = without_leaks(parts, joined(found.exact, found.near))
    out.mkdir(parents=True, exist_ok=True)
    for name, ids in kept.items():
        lines = csv.DictReader((splits / f"{name}.csv").read_text("utf-8-sig").splitlines())
        columns = list(lines.fieldnames or ())
        id_column = next(column for column in ID_COLUMNS if column in columns)
        wanted = set(ids)
        with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(line for line in lines if (line[id_column] or "").strip() in wanted)
    return {"removed": removed, "parts": {name: len(ids) for name, ids in kept.items()}}


def _classes(path: Path, level: str) -> list[str]:
    """The labels that occur in a column of the data, most frequent first."""
    from collections import Counter

    from modiste.datasets import open_listing
    from modiste.errors import DataError

    table = open_listing(path).table
    if level not in table:
        raise DataError(f"{path} has no column {level}; it has {', '.join(table.columns)}")
    return [name for name, _ in Counter(table[level]).most_common() if name]


def _classes_of_data_or_model(which: str, level: str) -> list[str]:
    path = Path(which)
    if path.exists() and not (path / "model.json").is_file():
        return _classes(path, level)
    from modiste.model_folder import load_model

    return list(load_model(which).labels.types)


def _say(figures: dict[str, Any], out: Path | None) -> None:
    if "classes_before" in figures:
        typer.echo(
            f"{figures['classes_before']} classes, balance {figures['balance_before']:.3f} → "
            f"{figures['classes']} classes with {figures['rows']:,} rows, balance {figures['balance']:.3f}"
        )
        typer.echo(
            f"{figures['relabelled']} Free Items relabelled by name, {figures['unknown']} Unknown, of which "
            f"{figures['named_by_model']} named by the model; {figures['final_classes']} classes in the end"
        )
    if "mapped_classes" in figures:
        typer.echo(
            f"{figures['mapped_classes_before']} classes renamed to {figures['mapped_classes']} with "
            f"{figures['mapped_rows']:,} rows, balance {figures['mapped_balance']:.3f}"
        )
    if splits := figures.get("splits"):
        parts = ", ".join(f"{name} {count:,}" for name, count in splits["parts"].items())
        typer.echo(f"{splits['removed']:,} photos taken out of the splits; left: {parts}")
    if out is not None:
        note(f"Written to {out}.")
