"""``modiste map``: a catalogue → one HTML file to look around in."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from modiste.cli.terminal import AsJson, Quiet, examples, note, print_json, progress_bars

app = typer.Typer()


class Photos(StrEnum):
    hover = "hover"
    none = "none"


@app.command(
    name="map",
    epilog=examples(
        "modiste map shop -o map.html",
        "modiste map shop -o map.html --photos none",
        'modiste map shop -o map.html --name "Corner shop" --seed 1',
    ),
)
def draw(
    folder: Annotated[Path, typer.Argument(metavar="CATALOGUE", help="Made by: modiste index")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The HTML file to write.")],
    photos: Annotated[
        Photos, typer.Option(help="Small photos inside the file, half a kilobyte each; or none.")
    ] = Photos.hover,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The shop's name, as the page shows it.")
    ] = "Modiste",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another map.")] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Draw a map of a catalogue: what looks alike lies together.

    The file opens in any browser without a network: photos, colours by any label, lists by lasso. Places are
    kept beside the catalogue; the next map of it, and the page Map of modiste serve, start from them.
    """
    from modiste.catalogue import Catalogue
    from modiste.catalogue.map import map_catalogue
    from modiste.map_page import write_map

    catalogue = Catalogue.open(folder)
    with progress_bars(quiet) as progress:
        drawn = map_catalogue(catalogue, seed, progress=progress)
        size = write_map(catalogue, drawn, out, name=name, photos=photos is Photos.hover, progress=progress)
    if as_json:
        print_json(
            {
                "items": len(drawn),
                "method": drawn.method,
                "kept": drawn.kept,
                "placed": drawn.placed,
                "bytes": size,
            }
        )
        return
    note(f"Written to {out}: {len(drawn):,} items, {size / 1e6:.1f} MB.")
    if drawn.method == "pca" and find_spec("openTSNE") is None:
        note("Drawn by principal components; pip install 'modiste[maps]' makes a far better map.")
