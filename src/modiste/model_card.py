"""What a model folder says of its model, read without PyTorch: a server needs no more."""

from __future__ import annotations

import difflib
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from modiste.errors import DataError, ModelError
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod
from modiste.whole_folder import restore

if TYPE_CHECKING:
    from modiste.metrics import RiskCoverage

__all__ = [
    "DAMAGE",
    "ENCODERS",
    "FORMAT",
    "MOST_TOLD",
    "REMEDY",
    "WIDER_FORMAT",
    "Calibration",
    "CurveSource",
    "Engine",
    "MeasuredCurve",
    "as_json",
    "calibration_of",
    "check_fitted",
    "checksum_of",
    "digest_of",
    "find_model",
    "read_card",
    "read_weights",
    "read_whole",
    "shipped",
]

Read = TypeVar("Read")

FORMAT = 1
WIDER_FORMAT = 2  # rich, joined, with a memory or without mirror images: unknown to readers of format 1
DAMAGE = (
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, OSError),
    SafetensorError,
    DataError,
)
"""What reading a damaged folder raises."""
REMEDY = "copy the folder anew, or train again"
MOST_TOLD = 200  # letters of what went wrong inside
LOOKS = 5  # for a model that another process replaces just when it is looked for, where that takes two steps
ENCODERS = Path(__file__).parent / "encoders"

CURVE_POINTS = 100  # of the curve a model folder keeps: finer than what can be seen on a page
CurveSource = Literal["rehearsal", "labelled photos"]


@dataclass(frozen=True)
class MeasuredCurve:
    """Showing answers as sure as ``thresholds[p]`` shows ``coverages[p]`` of them, ``errors[p]`` wrongly.

    All (P,), 1 ≤ P ≤ 100, in [0, 1], from the strictest threshold to the most generous. ``n`` photos were
    asked for: in the ``source`` "rehearsal", photos of the training data and a shorter run that had not
    learned every third of their types; in "labelled photos", those that `modiste calibrate` was given.
    ``ValueError`` for anything else.

    >>> from modiste.metrics import risk_coverage
    >>> curve = MeasuredCurve.of(risk_coverage([False, True], [0.9, 0.1]), n=2, source="rehearsal")
    >>> curve.errors, MeasuredCurve.from_dict(curve.as_dict()) == curve
    ((0.0, 0.5), True)
    """

    source: CurveSource
    n: int
    thresholds: tuple[float, ...]
    coverages: tuple[float, ...]
    errors: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.source not in get_args(CurveSource):
            raise ValueError(f"expected a curve of {' or '.join(get_args(CurveSource))}; got {self.source!r}")
        columns = (self.thresholds, self.coverages, self.errors)
        points = len(self.thresholds)
        if not 1 <= points <= CURVE_POINTS or any(len(column) != points for column in columns):
            raise ValueError(
                f"expected a curve of 1 to {CURVE_POINTS} points; got {[len(column) for column in columns]}"
            )
        if not isinstance(self.n, int) or self.n < points:
            raise ValueError(f"expected at least as many photos as points ({points}); got {self.n!r}")
        if not all(0 <= value <= 1 for column in columns for value in column):
            raise ValueError("expected thresholds, coverages and errors of a curve in [0, 1]")
        if any(a <= b for a, b in pairwise(self.thresholds)) or any(
            a >= b for a, b in pairwise(self.coverages)
        ):
            raise ValueError("expected a curve whose thresholds fall and whose coverages grow")

    @classmethod
    def of(cls, curve: RiskCoverage, *, n: int, source: CurveSource) -> Self:
        """The curve of ``n`` photos, each asked once or several times, thinned to what a folder keeps."""
        few = curve.thinned(min(CURVE_POINTS, n))
        return cls(
            source,
            n,
            tuple(few.thresholds.tolist()),
            tuple(few.coverages.tolist()),
            tuple(few.errors.tolist()),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as the model folder keeps them."""
        return {
            "source": self.source,
            "n": self.n,
            "thresholds": list(self.thresholds),
            "coverages": list(self.coverages),
            "errors": list(self.errors),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
        return cls(
            source=values["source"],
            n=values["n"],
            thresholds=tuple(float(value) for value in values["thresholds"]),
            coverages=tuple(float(value) for value in values["coverages"]),
            errors=tuple(float(value) for value in values["errors"]),
        )


@dataclass(frozen=True)
class Calibration:
    """What was settled on training classes before any test photo was seen.

    ``support`` is how a support set is read; ``confidence`` describes the label-free confidence (see
    `modiste.recommendation.Confidence`); recommendations less confident than ``threshold`` are withheld.
    ``style_pull`` is what agreement in style is worth beside similarity (see `modiste.recommendation.style`);
    None for a model without a style part. ``guarantee`` is what is promised of the threshold, once labelled
    photos have been used to calibrate it (see `modiste.recommendation.Guarantee`). ``curve`` is what other
    thresholds would do; None if nothing was measured with this model's recipe or photos.
    """

    support: SupportMethod
    confidence: Mapping[str, Any]
    threshold: float
    style_pull: float | None = None
    guarantee: Mapping[str, Any] | None = None
    curve: MeasuredCurve | None = None


class Engine(Protocol):
    """Fitted photos (N, H, W, 3) → unit vectors (N, D), as the network's own but for rounding.

    ``name`` says what runs, such as ``openvino-bf16``. ``variant`` is empty, or a part of the model's id
    where vectors differ by more than rounding.
    """

    @property
    def name(self) -> str: ...
    @property
    def variant(self) -> str: ...
    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...


def shipped() -> dict[str, Path]:
    """The encoders that come with Modiste, by name."""
    return {path.parent.name: path.parent for path in sorted(ENCODERS.glob("*/model.json"))}


def find_model(which: str | Path) -> Path:
    """The folder of a model: ``which`` itself, or a shipped encoder of that name. `ModelError` otherwise."""
    encoders = shipped()
    if str(which) in encoders:
        return encoders[str(which)]
    folder = Path(which)
    for _ in range(LOOKS):
        if (folder / "model.json").is_file():
            return folder
        restore(folder)
    near = difflib.get_close_matches(str(which), encoders, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(encoders) or "none"
    raise ModelError(f"{which}: neither a model folder (no model.json) nor a shipped encoder ({known}){hint}")


def read_card(folder: Path) -> dict[str, Any]:
    """``model.json`` without the weights: what `modiste models` lists. `ModelError` if it is not usable."""
    try:
        description = json.loads((folder / "model.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder}: cannot read model.json ({str(error)[:MOST_TOLD]}); {REMEDY}") from error
    if not isinstance(description, dict) or description.get("format") not in (FORMAT, WIDER_FORMAT):
        found = description.get("format") if isinstance(description, dict) else None
        raise ModelError(
            f"{folder}: model format {FORMAT} or {WIDER_FORMAT} expected, {repr(found)[:MOST_TOLD]} found; "
            "update Modiste or retrain"
        )
    if description.get("checksum", kept := checksum_of(description)) != kept:
        raise ModelError(
            f'{folder}: model.json is not as it was written; {REMEDY}, or take out its line "checksum" if '
            "you changed it on purpose"
        )
    return description


def read_whole(which: str | Path, read: Callable[[Path], Read]) -> Read:
    """What ``read`` makes of a model's folder; read again if another took its place under the reader's eyes.

    `ModelError` if it is damaged, which may make ``read`` raise almost anything.
    """
    while True:
        folder = find_model(which)
        before = _stamp(folder)
        try:
            found = read(folder)
        except (ModelError, *DAMAGE) as error:
            if before != _stamp(folder):
                continue
            if isinstance(error, ModelError):
                raise
            first_line = str(error).partition("\n")[0][:MOST_TOLD]
            raise ModelError(
                f"{folder}: damaged model folder ({type(error).__name__}: {first_line}); {REMEDY}"
            ) from error
        if before == _stamp(folder):
            return found


def _stamp(folder: Path) -> tuple[int, ...]:
    """Which folder it is, and in which state; never the same twice if there is none."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return (time.monotonic_ns(),)
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def read_weights(folder: Path, description: dict[str, Any]) -> tuple[bytes, bytes]:
    """The network's weights and the rich parts', which belong to the description; `ModelError` if not."""
    weights, rich_weights = (folder / "weights.safetensors").read_bytes(), b""
    shape = {key: description[key] for key in ("architecture", "network", "preprocess", "scale")}
    if description["format"] == WIDER_FORMAT and "rich" in description:
        shape["rich"] = description["rich"]
        rich_weights = (folder / "rich.safetensors").read_bytes()
    if digest_of(weights + rich_weights, shape) != description["digest"]:
        raise ModelError(f"{folder}: weights and description do not belong together; {REMEDY}")
    return weights, rich_weights


def calibration_of(values: Mapping[str, Any]) -> Calibration:
    """What ``model.json`` says of the calibration; ``KeyError``, ``TypeError`` or ``ValueError``."""
    return Calibration(
        support=SupportMethod.from_dict(values["support"]),
        confidence=dict(values["confidence"]),
        threshold=float(values["threshold"]),
        style_pull=float(values["style_pull"]) if "style_pull" in values else None,
        guarantee=dict(values["guarantee"]) if "guarantee" in values else None,
        curve=MeasuredCurve.from_dict(values["curve"]) if "curve" in values else None,
    )


def check_fitted(preprocess: Preprocess, pixels: NDArray[np.uint8]) -> None:
    """`ModelError` if the photos have another size than ``preprocess`` gives."""
    expected = (preprocess.height, preprocess.width, 3)
    if pixels.shape[1:] != expected or pixels.dtype != np.uint8:
        raise ModelError(
            f"uint8 photos of shape (N, {expected}) expected, {pixels.dtype} {pixels.shape} came"
        )


def digest_of(weights: bytes, shape: dict[str, Any]) -> str:
    """12 hex digits over all that decides what vector a photo gets."""
    text = json.dumps(shape, sort_keys=True).encode()
    return hashlib.sha256(weights + text).hexdigest()[:12]


def checksum_of(description: dict[str, Any]) -> str:
    """12 hex digits over all of ``model.json``, however it is laid out, but this line itself."""
    as_read = json.loads(as_json({k: v for k, v in description.items() if k != "checksum"}))
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()[:12]


def as_json(description: dict[str, Any]) -> str:
    """As ``model.json`` is written."""
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"
