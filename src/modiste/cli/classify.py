"""``modiste classify``: a model and photos → labels with their probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from modiste.cli.terminal import AsJson, VotesWith, examples, note, print_json
from modiste.errors import PhotoError

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste classify runs/first photo.jpg",
        "modiste classify runs/outfits a.jpg b.png --threshold 0.3",
        "modiste classify runs/first photo.jpg --json",
        "modiste classify runs/a --with runs/b photo.jpg",
    )
)
def classify(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped encoder.")
    ],
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="Photos to name.")],
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="P",
            help="Show every label at least this probable. Default: what the model itself answers.",
        ),
    ] = None,
    also: VotesWith = None,
    as_json: AsJson = False,
) -> None:
    """Name what photos show: one label, one of each group, or several, as the model was taught.

    A table of label and probability for each photo, the most probable first.
    """
    import numpy as np

    from modiste.label_model import load_label_model, soft_vote
    from modiste.photos import read_fitted

    namer = soft_vote([load_label_model(name) for name in (model, *(also or []))])
    answers: list[dict[str, Any]] = []
    unreadable = 0
    for photo in photos:
        try:
            pixels = read_fitted(photo, namer.preprocess)
        except PhotoError as error:
            unreadable += 1
            note(f"Error: {photo}: {error}")
            answers.append({"photo": photo, "error": str(error)})
            continue
        [probabilities] = sure = namer.probabilities(pixels[None])
        [said] = namer.decide(sure) if threshold is None else sure >= threshold
        order = np.argsort(-probabilities, kind="stable")
        labels = [
            {"label": namer.labels.names[at], "probability": round(float(probabilities[at]), 6)}
            for at in order
            if said[at]
        ]
        answers.append({"photo": photo, "labels": labels})
        if not as_json:
            typer.echo(_as_table(photo, labels))
    if as_json:
        print_json({"model": namer.id, "threshold": threshold, "photos": answers})
    if unreadable:
        raise typer.Exit(1)


def _as_table(photo: Path, labels: list[dict[str, Any]]) -> str:
    if not labels:
        return f"{photo}\n  no label is probable enough; a lower --threshold shows more"
    return "\n".join([str(photo), *(f"  {row['probability']:.3f}  {row['label']}" for row in labels)])
