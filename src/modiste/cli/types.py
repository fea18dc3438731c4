"""``modiste types``: naming new types by a few photos, and recognising what a photo shows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.terminal import AsJson, ModelName, examples, print_json

if TYPE_CHECKING:
    from modiste.catalogue import TypeRecogniser

types = typer.Typer(no_args_is_help=True, help="Name new types by a few photos, and recognise types.")
app = typer.Typer()
app.add_typer(types, name="types")

Folder = Annotated[Path, typer.Argument(metavar="CATALOGUE", help="Made by: modiste index")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The type's name.")]
TypeLabel = Annotated[
    str | None,
    typer.Option(
        "--type-label",
        metavar="LABEL",
        help="Which label of the items is their type; else articleType, class … or the only one.",
    ),
]


@types.command(epilog=examples("modiste types add shop Poncho a.jpg b.jpg c.jpg"))
def add(
    folder: Folder,
    name: Name,
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="1 to 20 photos that show it.")],
    model: ModelName = "default",
) -> None:
    """Name a type by 1 to 20 photos; it is recognised from now on. One named the same is replaced."""
    kept = _open(folder, model).name(name, photos)
    typer.echo(f"{folder}: {kept.name}, named by {len(kept.hashes)} photos")


@types.command("list", epilog=examples("modiste types list shop", "modiste types list shop --json"))
def list_(
    folder: Folder, type_label: TypeLabel = None, model: ModelName = "default", as_json: AsJson = False
) -> None:
    """List the types that are recognised: those that items bear, then those that were named."""
    known = _open(folder, model, type_label).types()
    if as_json:
        print_json([asdict(each) for each in known])
        return
    for each in known:
        typer.echo(f"{each.photos:7,}  {each.name}{'  (named)' if each.kind == 'named' else ''}")


@types.command(epilog=examples("modiste types remove shop Poncho"))
def remove(folder: Folder, name: Name, model: ModelName = "default") -> None:
    """Forget a type that was named; items and their labels stay as they are."""
    from modiste.errors import CatalogueError

    if not _open(folder, model).named.remove(name):
        raise CatalogueError(f"{folder}: no type {name!a} has been named; see: modiste types list {folder}")
    typer.echo(f"{folder}: {name} is forgotten")


@types.command(
    epilog=examples("modiste types recognise shop photo.jpg", "modiste types recognise shop a.jpg --json")
)
def recognise(
    folder: Folder,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo to name.")],
    k: Annotated[int, typer.Option("--count", "-k", min=1, help="How many types to show at most.")] = 5,
    type_label: TypeLabel = None,
    model: ModelName = "default",
    as_json: AsJson = False,
) -> None:
    """Say which types a photo may show, by the catalogue's labelled items and the named types."""
    found = _open(folder, model, type_label).recognise(photo, k)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        typer.echo(f"{each.probability:.3f}  {each.name}{'  (named)' if each.kind == 'named' else ''}")


def _open(folder: Path, model: str, level: str | None = None) -> TypeRecogniser:
    from modiste.catalogue import Catalogue, TypeRecogniser
    from modiste.model_folder import load_model

    encoder = load_model(model)
    return TypeRecogniser(encoder, Catalogue.open(folder, encoder.id), level=level)
