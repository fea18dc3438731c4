"""``modiste export``: an encoder in a file for ONNX Runtime or OpenVINO."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modiste.cli.terminal import AsJson, examples, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from modiste.preprocessing import Preprocess

app = typer.Typer()

CALIBRATED_ON = 256


@app.command(
    epilog=examples(
        "modiste export default --to openvino",
        "modiste export runs/mine --to onnx -o mine-onnx",
        "modiste export runs/mine --to openvino --precision int8 --photos photos.zip",
    )
)
def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped encoder.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="onnx|openvino", help="What will run it.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="The folder to write; by default in the model folder, where --runtime finds it (for shipped "
            "encoders: in your cache directory).",
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            metavar="fp32|bf16|int8", help="bf16: OpenVINO alone. int8: other vectors, see the manual."
        ),
    ] = "fp32",
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="PHOTOS", help="A folder, zip or table of photos: to calibrate int8, and to compare."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export an encoder: fitted photos in, search vectors out, compared with PyTorch's before it is kept."""
    from modiste.model_folder import find_model, load_model
    from modiste.runtimes import export
    from modiste.runtimes.exported import default_place

    loaded = load_model(model)
    place = out or default_place(loaded, find_model(model), f"{to}-{precision}")
    seen = None if photos is None else _some(photos, loaded.preprocess)
    made = export(loaded, to, precision, place, photos=seen)
    if as_json:
        print_json({**asdict(made), "id": loaded.id + (f"+{made.variant}" if made.variant else "")})
        return
    typer.echo(
        f"{made.folder}: {loaded.id} for {to} in {precision}; cosine with PyTorch's vectors over "
        f"{made.photos} photos: mean {made.mean:.5f}, lowest {made.lowest:.5f}"
    )
    if made.variant:
        typer.echo(
            f"Its vectors are its own: catalogues made with it are of the model {loaded.id}+{made.variant}"
        )


def _some(photos: Path, preprocess: Preprocess) -> NDArray[np.uint8]:
    """Photos from all over the listing, fitted; unreadable ones are passed over."""
    import numpy as np

    from modiste.datasets import open_listing
    from modiste.errors import DataError, PhotoError
    from modiste.photos import read_fitted

    listing = open_listing(photos)
    names = listing.table["photo"].to_numpy()
    order = np.random.default_rng(0).permutation(len(names))
    seen: list[NDArray[np.uint8]] = []
    for at in order:
        if len(seen) == CALIBRATED_ON:
            break
        try:
            seen.append(read_fitted(listing.source.read(names[at]), preprocess))
        except PhotoError:
            continue
    if not seen:
        raise DataError(f"{photos}: no readable photo")
    return np.stack(seen)
