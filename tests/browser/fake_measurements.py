"""Models that name photos by their colours, and figures that nobody measured."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modiste.api.classify import Classifier
from modiste.api.measured import ClassFigures, CurveExample, CurvePoint, ErrorCurve, ModelFigures
from modiste.datasets.label_set import LabelSet
from modiste.preprocessing import Preprocess

HOSTILE_LABEL = "<script>alert(1)</script>"
COLOURS = {"red": (200, 30, 40), "navy": (0, 0, 128), "gold": (255, 215, 0), "black": (0, 0, 0)}


@dataclass(frozen=True)
class FakeNamer:
    """As sure of a colour as the photo's mean is near to it."""

    name: str
    labels: LabelSet
    answer: str = "softmax"
    preprocess: Preprocess = field(default_factory=Preprocess)

    @property
    def id(self) -> str:
        return f"{self.name}-0123456789ab"

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        ink = pixels.reshape(len(pixels), -1, 3).astype(np.float64)
        dark = ink.min(axis=2, keepdims=True) < 200
        mean = (ink * dark).sum(axis=1) / np.maximum(1, dark.sum(axis=1))
        known = np.array(list(COLOURS.values()), np.float64)
        scores = np.zeros((len(pixels), len(self.labels)), np.float32) - 2
        near = -np.linalg.norm(mean[:, None] - known, axis=2) / 40
        scores[:, : len(COLOURS)] = near + 1
        return self.labels.probabilities(scores, self.answer)

    def decide(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        return self.labels.decide(probabilities, self.answer, np.full(len(self.labels), 0.5))


def figures(labels: LabelSet) -> ModelFigures:
    return ModelFigures(
        n=1996,
        accuracy=0.902,
        balanced_accuracy=0.883,
        f1_macro=0.861,
        mean_average_precision=None,
        classes=[
            ClassFigures(label=name, precision=0.9 - at / 40, recall=0.8, f1=0.85, support=200 - at)
            for at, name in enumerate(labels.names)
        ],
    )


def classifiers() -> list[Classifier]:
    """One that gives a photo one label, and one that gives several and was never measured."""
    one = LabelSet((*COLOURS, "white", "teal", "pink", HOSTILE_LABEL, "grey", "olive"), ("articleType",) * 10)
    many = LabelSet((*COLOURS, "with:zip", HOSTILE_LABEL), ("", "", "", "", "with", "with"))
    return [
        Classifier(FakeNamer("colours", one), figures(one)),  # type: ignore[arg-type]
        Classifier(FakeNamer("<i>many</i>", many, "sigmoid")),  # type: ignore[arg-type]
    ]


def error_curve(model: str, photo: str) -> ErrorCurve:
    """An error that grows as more is answered; ``photo`` is a data URI."""
    shares = np.linspace(0.02, 1, 120)
    return ErrorCurve(
        model=model,
        n=2824,
        points=[
            CurvePoint(threshold=1 - share**2, coverage=share, error=0.01 + 0.11 * share**4)
            for share in shares.tolist()
        ],
        examples=[
            CurveExample(
                type=HOSTILE_LABEL if at == 0 else f"Type {at}",
                photo=photo,
                items=["Shirts", "Tops", "Kurtas"],
                item_photos=[photo, photo, None],
                confidence=at / 12,
                right=at % 3 != 0,
            )
            for at in range(12)
        ],
    )
