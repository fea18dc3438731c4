"""``modiste catalogue``: look into a catalogue, search it, go back, move it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, ModelName, Quiet, RuntimeName, examples, print_json, progress_bars

app = typer.Typer()
catalogue = typer.Typer(help="Search a catalogue, go back to a version, export, import, change the model.")
app.add_typer(catalogue, name="catalogue")

Folder = Annotated[
    str, typer.Argument(metavar="CATALOGUE", help="A folder or s3://bucket/path, made by: modiste index")
]
Count = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many items at most.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only such items: gender=Men, baseColour=Navy,Blue, price<=500; may be repeated.",
    ),
]


@catalogue.command(
    epilog=examples(
        'modiste catalogue search shop --text "blue shirt"',
        "modiste catalogue search shop --photo photo.jpg --where gender=Men",
        'modiste catalogue search shop --photo photo.jpg --text "striped" -k 20',
        "modiste catalogue search shop --like 15970 --diversity 0.3",
    )
)
def search(
    folder: Folder,
    text: Annotated[str | None, typer.Option(metavar="WORDS", help="Words of the name.")] = None,
    photo: Annotated[Path | None, typer.Option(metavar="PHOTO", help="What it looks like.")] = None,
    like: Annotated[str | None, typer.Option(metavar="ID", help="An item to find more like.")] = None,
    where: Where = None,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="Above 0, items unlike one another are preferred.")
    ] = 0.0,
    k: Count = 10,
    model: ModelName = "default",
    runtime: RuntimeName = "auto",
    as_json: AsJson = False,
) -> None:
    """Find items by a text, a photo, both, or another item.

    Everything that is found is shown; recommendations, which may be silence, come from: modiste recommend
    """
    from modiste.catalogue import Catalogue
    from modiste.embedding import embed_photo
    from modiste.runtimes import load_with_runtime

    if (like is None) == (text is None and photo is None):
        raise typer.BadParameter("give --like, or --text, --photo or both")
    if diversity and text is not None:
        raise typer.BadParameter("--diversity goes with --photo or --like alone")
    conditions = where or []
    if photo is not None:
        encoder = load_with_runtime(model, runtime)
        opened = Catalogue.open(folder, encoder.id)
        vector = embed_photo(encoder, photo)[0]
        if text is not None:
            found = opened.search_hybrid(text, vector, k, where=conditions)
        else:
            near = opened.search(vector[None], k, where=conditions, diversity=diversity)
            pairs = zip(near.rows[0].tolist(), near.similarities[0].tolist(), strict=True)
            found = [(opened.ids[row], similarity) for row, similarity in pairs if row >= 0]
    else:
        opened = Catalogue.open(folder)
        if like is not None:
            found = opened.more_like(like, k, where=conditions, diversity=diversity)
        else:
            found = opened.search_text(text or "", k, where=conditions)
    now = opened.snapshot
    rows = [{"id": id, "name": now.names[now.row_of[id]], "score": score} for id, score in found]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['score']:.3f}  {row['id']}  {row['name']}")


@catalogue.command(epilog=examples("modiste catalogue info shop", "modiste catalogue info shop --json"))
def info(folder: Folder, as_json: AsJson = False) -> None:
    """Show what a catalogue holds, and how it is searched."""
    from modiste.catalogue import Catalogue

    now = (opened := Catalogue.open(folder)).snapshot
    answer = {
        "items": len(now),
        "model": opened.model_id,
        "dimension": opened.dimension,
        "version": now.version,
        "labels": now.levels,
        "search": "exact" if now.index is None else "approximate",
        "recall": 1.0 if now.index is None else now.index.recall,
    }
    if as_json:
        print_json(answer)
        return
    typer.echo(f"{len(now):,} items, model {opened.model_id}, version {now.version}")
    typer.echo(f"labels: {', '.join(now.levels) or 'none'}")
    typer.echo(f"search: {answer['search']}, recall of the ten nearest {answer['recall']:.4f}")


@catalogue.command(
    epilog=examples(
        "modiste catalogue duplicates shop", "modiste catalogue duplicates shop --similarity 0.98"
    )
)
def duplicates(
    folder: Folder,
    similarity: Annotated[
        float, typer.Option(min=0.5, max=1, help="From this similarity on, photos count as the same.")
    ] = 0.995,
    as_json: AsJson = False,
) -> None:
    """List items that show the same photo, or nearly."""
    from modiste.catalogue import Catalogue

    groups = Catalogue.open(folder).duplicates(similarity)
    if as_json:
        print_json(groups)
        return
    for group in groups:
        typer.echo("  ".join(group))


@catalogue.command(epilog=examples("modiste catalogue history shop"))
def history(folder: Folder, as_json: AsJson = False) -> None:
    """List the versions one can go back to, newest first."""
    from modiste.catalogue import Catalogue

    states = Catalogue.open(folder).history()
    if as_json:
        print_json(
            [{"version": s.number, "written": s.written.isoformat(), "items": s.items} for s in states]
        )
        return
    for state in states:
        typer.echo(f"{state.number:6}  {state.written:%Y-%m-%d %H:%M:%S}  {state.items:,} items")


@catalogue.command(epilog=examples("modiste catalogue undo shop", "modiste catalogue undo shop --to 12"))
def undo(
    folder: Folder,
    to: Annotated[
        int | None,
        typer.Option(
            metavar="VERSION", help="Which version (see: modiste catalogue history); else the last."
        ),
    ] = None,
) -> None:
    """Go back to how the catalogue was before its last change, or to any version. Twice: forward again."""
    from modiste.catalogue import Catalogue

    opened = Catalogue.open(folder)
    was = opened.undo(to)
    typer.echo(f"{folder}: as in version {was.number} again, {len(opened):,} items, model {opened.model_id}")


@catalogue.command(epilog=examples("modiste catalogue export shop shop.parquet"))
def export(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The Parquet file to write.")],
    quiet: Quiet = False,
) -> None:
    """Write all items, photos and vectors to one Parquet file."""
    from modiste.catalogue import Catalogue, export

    with progress_bars(quiet) as progress:
        count = export(Catalogue.open(folder), file, progress=progress)
    typer.echo(f"{file}: {count:,} items")


@catalogue.command("import", epilog=examples("modiste catalogue import shop.parquet copy"))
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Made by: modiste catalogue export")],
    folder: Annotated[
        str,
        typer.Argument(
            metavar="CATALOGUE", help="A folder or s3://bucket/path; made when it is not there yet."
        ),
    ],
    quiet: Quiet = False,
) -> None:
    """Add the items of an exported catalogue, with their vectors; items of the same id are replaced."""
    from modiste.catalogue import import_items

    with progress_bars(quiet) as progress:
        count = import_items(file, folder, progress=progress)
    typer.echo(f"{folder}: {count:,} items added or replaced")


@catalogue.command(epilog=examples("modiste catalogue reembed shop --model runs/standard-1"))
def reembed(
    folder: Folder,
    model: Annotated[
        str,
        typer.Option("--model", metavar="MODEL", help="The model to change to: a folder or a shipped name."),
    ],
    runtime: RuntimeName = "auto",
    quiet: Quiet = False,
) -> None:
    """Change a catalogue to another model: embed every photo anew, then switch over in one step.

    Until the end the old vectors serve; an interrupted run goes on where it stopped. Undo goes back.
    """
    from modiste.catalogue import Catalogue, reembed
    from modiste.runtimes import load_with_runtime

    encoder = load_with_runtime(model, runtime)
    opened = Catalogue.open(folder)
    with progress_bars(quiet) as progress:
        fresh, before = reembed(opened, encoder, progress=progress)
    opened.build_index()
    typer.echo(f"{folder}: now of model {encoder.id}; {fresh:,} photos embedded, {before:,} had been before")
