"""``modiste recommend``: a catalogue and photos → similar items, or silence and its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from modiste.cli.terminal import AsJson, ModelName, RuntimeName, examples, note, print_json
from modiste.errors import PhotoError

app = typer.Typer()


@app.command(
    epilog=examples(
        "modiste recommend shop photo.jpg",
        "modiste recommend shop a.jpg b.png --json",
    )
)
def recommend(
    catalogue: Annotated[
        str, typer.Argument(metavar="CATALOGUE", help="A folder or s3://bucket/path, made by: modiste index")
    ],
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="Photos to find similar items for.")],
    model: ModelName = "default",
    runtime: RuntimeName = "auto",
    as_json: AsJson = False,
) -> None:
    """Recommend three similar items for a photo, or say why not."""
    from modiste.catalogue import Catalogue
    from modiste.recommendation import build_recommender
    from modiste.runtimes import load_to_serve

    # Where a server has prepared the model, without PyTorch, whose import takes longest here.
    encoder = load_to_serve(model, runtime, prepares=False)
    recommender = build_recommender(encoder, Catalogue.open(catalogue, model_id=encoder.id))
    answers: list[dict[str, Any]] = []
    unreadable = 0
    for photo in photos:
        try:
            answer = {"photo": photo, **recommender.recommend(photo).as_dict()}
        except PhotoError as error:
            unreadable += 1
            answer = {"photo": photo, "error": str(error)}
            note(f"Error: {error}")
        answers.append(answer)
        if not as_json and "error" not in answer:
            typer.echo(_in_words(answer))
    if as_json:
        print_json(answers)
    if unreadable:
        raise typer.Exit(1)


def _in_words(answer: dict[str, Any]) -> str:
    headline = (
        f"{answer['photo']}  confidence {answer['confidence']:.2f} (threshold {answer['threshold']:.2f})"
    )
    if not answer["shown"]:
        return f"{headline}\n  nothing to recommend: {answer['reason']}"
    return "\n".join(
        [headline, *(f"  {item['similarity']:.3f}  {item['id']}  {item['name']}" for item in answer["items"])]
    )
