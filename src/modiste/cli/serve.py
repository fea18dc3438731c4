"""``modiste serve``: a page and an HTTP API that recommend from a catalogue."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

import typer

from modiste import __version__
from modiste.cli.terminal import ModelName, Quiet, RuntimeName, examples, note, progress_bars
from modiste.progress import Progress

if TYPE_CHECKING:
    from modiste.api.trends import Finder
    from modiste.catalogue import Catalogue, TypeRecogniser
    from modiste.catalogue.places import Place
    from modiste.embedding import Encoder
    from modiste.recommendation import Recommender

app = typer.Typer()

# The sample shop on the page: large enough to look at, and drawn while one waits.
SHOWN_PER_TYPE = 4
SHOWN_HEIGHT = 200


@app.command(
    epilog=examples(
        "modiste serve",
        "modiste serve photos.zip",
        "modiste serve shop --host 0.0.0.0 --port 8080",
        "modiste serve shop --classifier runs/outfits --results results.json",
        "modiste serve shop --workers 4 --log json",
        "modiste serve s3://bucket/shop --feedback verdicts.jsonl",
    )
)
def serve(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="CATALOGUE|PHOTOS",
            help="A catalogue (a folder or s3://bucket/path), or photos to make one from; "
            "nothing: the drawn sample shop.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen on; 0: any free one.")
    ] = 8000,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The shop's name, as the page shows it.")
    ] = "Modiste",
    workers: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=64, help="Processes that answer; each has the catalogue in memory."
        ),
    ] = 1,
    log: Annotated[
        Literal["text", "json"] | None,
        typer.Option(
            "--log", metavar="text|json", help="A line for each request, for people or for programs."
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Another site whose pages may use the API: https://shop.example; may be repeated.",
        ),
    ] = None,
    model: ModelName = "default",
    feedback_file: Annotated[
        Path | None,
        typer.Option(
            "--feedback",
            metavar="FILE",
            help="Where verdicts on answers are kept; by default in the catalogue's folder.",
        ),
    ] = None,
    runtime: RuntimeName = "auto",
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="P",
            help="Show nothing less sure than this. Default: the model's own, whose promise this gives up.",
        ),
    ] = None,
    classifier: Annotated[
        list[Path] | None,
        typer.Option(metavar="MODEL_DIR", help="One more model to choose on the page Classify. Repeatable."),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What modiste evaluate wrote, for the page Quality. Default: what the model's folder keeps.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Serve a page that answers a photo with similar items, and its API.

    Photos are indexed first, into the user's cache directory; the next start finds them there, with the items
    that were added through the API. Verdicts on answers are kept beside the catalogue; object storage cannot
    append to a file, so there --feedback names one, or none are taken. Where other computers can reach the
    server, whoever writes must show the token in the environment variable MODISTE_TOKEN.
    """
    from modiste import footprint

    footprint.share_heaps()
    footprint.plain_arrow()  # before what follows makes arrays

    from modiste.api import serve
    from modiste.api.classify import Classifier
    from modiste.api.guard import LOOPBACK_HOSTS
    from modiste.api.measured import kept_error_curve, read_error_curve, read_model_figures
    from modiste.label_model import as_label_model, load_label_model
    from modiste.model_card import find_model
    from modiste.recommendation import Feedback, Guarantee, build_recommender
    from modiste.runtimes import load_to_serve
    from modiste.runtimes.serving import NamingLater

    own = find_model(model)
    measured = results or _results_of(own)
    curve = read_error_curve(measured) if measured else None
    with progress_bars(quiet) as progress:
        shop = str(_sample_shop(progress)) if source is None else source
        catalogue = _open(shop, partial(_fast_at_many, model, runtime), progress)
    # Photos that come at the same time are looked at together; for so few, a second thread costs more than it
    # brings, and takes the processor from who reads and answers.
    encoder = load_to_serve(model, runtime, threads=1)
    reached = read_model_figures(measured, f"{encoder.name}-{encoder.digest}") if measured else None
    classifiers = [Classifier(as_label_model(encoder, NamingLater(own)), reached)]
    for folder in classifier or []:
        figures = _results_of(find_model(folder))
        classifiers.append(
            Classifier(load_label_model(folder), read_model_figures(figures) if figures else None)
        )
    recommender = build_recommender(encoder, catalogue, threshold=threshold)
    promised = encoder.calibration.guarantee if threshold is None else None
    guarantee = None if promised is None else Guarantee.from_dict(promised)
    if feedback_file is None and isinstance(catalogue.folder, Path):
        feedback_file = catalogue.folder / "feedback.jsonl"
    feedback = None
    if feedback_file is None:
        note("No verdicts on answers are taken; name a file for them with --feedback.")
    else:
        feedback = Feedback(
            feedback_file,
            under=f"{encoder.id}@{recommender.threshold!r}",
            max_error=guarantee.max_error if guarantee else None,
        )
    if host not in LOOPBACK_HOSTS:
        note(f"Warning: whoever can reach {host} can look at this catalogue; there are no accounts.")
    tell = f"{len(catalogue):,} items on {{}} (Ctrl-C stops)"
    several = partial(_open_recommender, catalogue.folder, model, runtime, threshold)
    footprint.return_freed_memory()
    serve(
        recommender if workers == 1 else several,
        host,
        port,
        name=name,
        feedback=feedback,
        guarantee=guarantee,
        classifiers=classifiers,
        curve=curve or kept_error_curve(encoder.id, encoder.calibration.curve),
        types=_recogniser,
        trends=_trends,
        token=os.environ.get("MODISTE_TOKEN") or None,
        allowed_origins=allow_origin or (),
        workers=workers,
        log=log,
        ready=lambda url: note(tell.format(url)),
    )


def _results_of(folder: Path) -> Path | None:
    """Where a model's folder keeps what it reached, if it does."""
    file = folder / "results.json"
    return file if file.is_file() else None


def _open_recommender(folder: Place, model: str, runtime: str, threshold: float | None) -> Recommender:
    """What each of several workers does when it starts."""
    from modiste import footprint

    footprint.share_heaps()
    footprint.plain_arrow()

    from modiste.catalogue import Catalogue
    from modiste.recommendation import build_recommender
    from modiste.runtimes import load_to_serve

    encoder = load_to_serve(model, runtime)
    return build_recommender(encoder, Catalogue.open(folder, model_id=encoder.id), threshold=threshold)


def _recogniser(recommender: Recommender) -> TypeRecogniser:
    from modiste.catalogue import TypeRecogniser

    return TypeRecogniser(recommender.encoder, recommender.catalogue)


def _trends(recommender: Recommender) -> Finder:
    def find(photos: Sequence[tuple[str, BinaryIO]]) -> dict[str, Any]:
        from modiste.trends.uploads import find_uploaded_trends  # when it is asked for: seconds, and 60 MB

        return find_uploaded_trends(recommender.catalogue, recommender.encoder, photos).as_dict()

    return find


def _fast_at_many(model: str, runtime: str) -> Encoder:
    """What many photos are indexed with: with PyTorch in memory, and on all processors."""
    from modiste.runtimes import load_with_runtime  # brings PyTorch, which a server may go without

    return load_with_runtime(model, runtime)


def _open(source: str, fast: Callable[[], Encoder], progress: Progress) -> Catalogue:
    """The catalogue at ``source``, or the one kept for the photos there, brought up to date with them."""
    from modiste.catalogue import Catalogue
    from modiste.catalogue.places import ObjectPlace, place_of
    from modiste.catalogue.store import is_catalogue

    # Without the modules that read photos and tables: seconds, and 60 MB.
    if isinstance(place_of(source), ObjectPlace) or is_catalogue(source):
        return Catalogue.open(source)
    from modiste.catalogue import index
    from modiste.cli.index import name_skipped
    from modiste.datasets import open_listing
    from modiste.datasets.cache import cache_folder

    encoder, listing = fast(), open_listing(source)
    photos = Path(source).resolve()
    key = hashlib.sha256(f"{photos}\n{encoder.id}".encode()).hexdigest()[:12]
    folder = cache_folder() / "catalogues" / f"{photos.stem}-{key}"
    name_skipped(index(listing, folder, encoder, progress=progress).skipped)
    catalogue = Catalogue.open(folder, model_id=encoder.id)
    # What came through the API has no path among the photos, and stays.
    indexed = {id for id, (_, _, path, _) in catalogue.fingerprints().items() if path}
    catalogue.remove(indexed - set(listing.ids))
    return catalogue


def _sample_shop(progress: Progress) -> Path:
    """The drawn sample shop, kept in the user's cache directory and drawn there the first time."""
    from filelock import FileLock

    from modiste.datasets import draw_sample
    from modiste.datasets.cache import cache_folder

    shop = cache_folder() / f"sample-shop-{__version__}"
    shop.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{shop}.lock"):
        if not shop.exists():
            draw_sample(shop, per_type=SHOWN_PER_TYPE, height=SHOWN_HEIGHT, progress=progress)
    return shop
