"""What decides a run that teaches labels: the network, what of it may learn, and what is minimised."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass, field
from typing import Any

from modiste.errors import RecipeError
from modiste.training.augmentation import Augmentation

__all__ = ["LABEL_RECIPES", "LabelRecipe", "find_label_recipe"]

LOSSES = ("cross-entropy", "bce", "focal")
LEARNS = ("full", "head", "last-blocks", "gradual", "features")
SCHEDULES = ("cosine", "trapezoid", "plateau")
OPTIMISERS = ("adamw", "muon")
SAMPLERS = ("shuffled", "weighted")
THRESHOLDS = ("half", "global", "each")


@dataclass(frozen=True)
class LabelRecipe:
    """A run is ``epochs`` times the photos, ``batch`` at a time, into a ``network`` (`modiste.networks`).

    ``weights`` are what its body starts with: "none", "package", "online", a file
    (`modiste.networks.weights`), or a model: a folder or a shipped encoder's name. ``height`` and ``width``
    are the photos'; 0 stands for the network's own.
    ``grey`` takes their colours out.

    ``learns`` is what of the network does:

    - ``full``: all of it;
    - ``head``: the head alone, on photos altered anew each time;
    - ``last-blocks``: the last ``blocks`` of the body and the head;
    - ``gradual``: the head first, then one part of the body after the other, evenly over the epochs;
    - ``features``: the head alone, on features computed once: the body is a frozen extractor. Fast.

    What is frozen keeps its batch-norm statistics. ``rate`` is the peak learning rate of AdamW,
    ``muon_rate`` that of Muon, which takes the body's kernels and all but huge matrices where the
    ``optimiser`` says so; the body's rates are ``body_rate`` times that, those of its norms and biases
    ``norm_rate`` times more. Rates rise over the first ``warmup`` share of the run. Then they fall along a
    cosine, or stay and fall along a line over the last ``cooldown`` share ("trapezoid"), or stay until the
    best macro-F1 on the validation photos is ``patience`` epochs old, and become ``factor`` times as high
    (``schedule``: "plateau"). ``weight_decay`` is L2, decoupled; ``ema`` the decay of averaged weights, 0
    for none.

    ``cutmix`` is the share of steps in which a rectangle of each picture is another's, and its labels
    count by area (`modiste.training.augmentation.cutmix`): against learning few photos by heart.

    ``loss`` is ``cross-entropy`` within each group of labels (and binary for those that stand alone),
    ``bce``, or ``focal`` with ``alpha`` and ``gamma``: each label by itself. ``class_weights`` weighs
    labels by total / (count × labels); the sampler ``weighted`` shows photos by the sum of those weights.

    ``thresholds``: "half", or tuned on the validation photos for the best macro-F1: one for all ("global")
    or one for "each" label.
    """

    name: str
    about: str
    network: str = "resnet"
    weights: str = "none"
    height: int = 0
    width: int = 0
    grey: bool = False
    learns: str = "full"
    blocks: int = 2
    epochs: int = 20
    batch: int = 64
    optimiser: str = "adamw"
    rate: float = 0.002
    muon_rate: float = 0.02
    body_rate: float = 1.0
    norm_rate: float = 1.0
    weight_decay: float = 0.05
    schedule: str = "cosine"
    warmup: float = 0.05
    cooldown: float = 0.6
    patience: int = 3
    factor: float = 0.3
    ema: float = 0.0
    loss: str = "cross-entropy"
    alpha: float = 0.25
    gamma: float = 2.0
    smoothing: float = 0.0
    cutmix: float = 0.0
    class_weights: bool = False
    sampler: str = "shuffled"
    thresholds: str = "global"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name, allowed in (
            ("loss", LOSSES),
            ("learns", LEARNS),
            ("schedule", SCHEDULES),
            ("optimiser", OPTIMISERS),
            ("sampler", SAMPLERS),
            ("thresholds", THRESHOLDS),
        ):
            value = getattr(self, name)
            self._expect(value in allowed, f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        for name in ("epochs", "patience", "blocks"):
            self._expect(getattr(self, name) >= 1, f"{name} must be at least 1, not {getattr(self, name)}")
        self._expect(self.batch >= 2, f"a batch must hold at least 2 photos, not {self.batch}")
        for name in ("rate", "muon_rate", "body_rate", "norm_rate", "warmup"):
            self._expect(getattr(self, name) > 0, f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("height", "width", "weight_decay", "gamma"):
            self._expect(getattr(self, name) >= 0, f"{name} must be at least 0, not {getattr(self, name)}")
        for name in ("ema", "smoothing", "factor"):
            self._expect(
                0 <= getattr(self, name) < 1, f"{name} must lie in [0, 1), not {getattr(self, name)}"
            )
        self._expect(0 < self.cooldown <= 1, f"cooldown must lie in (0, 1], not {self.cooldown}")
        for name in ("alpha", "cutmix"):
            self._expect(
                0 <= getattr(self, name) <= 1, f"{name} must lie in [0, 1], not {getattr(self, name)}"
            )
        self._expect(
            self.weights != "none" or self.learns == "full",
            f"learns {self.learns!r} freezes a body that knows nothing; give weights, or learn in full",
        )

        self._expect(
            not self.cutmix or self.learns != "features",
            "cutmix alters pictures, and learns 'features' sees none; set cutmix to 0, or learn the 'head'",
        )

    def _expect(self, fits: bool, otherwise: str) -> None:
        if not fits:
            raise RecipeError(f"recipe {self.name!r}: {otherwise}")

    @property
    def answer(self) -> str:
        """How scores become probabilities: see `modiste.label_model.LabelModel`."""
        return "softmax" if self.loss == "cross-entropy" else "sigmoid"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_SCRATCH: dict[str, Any] = {"optimiser": "muon", "ema": 0.99, "batch": 128}
_LITE: dict[str, Any] = {"network": "efficientnet_lite0", "weights": "package", "batch": 32, "smoothing": 0.1}

LABEL_RECIPES = {
    recipe.name: recipe
    for recipe in (
        LabelRecipe(
            "labels",
            "any network from scratch, one label of each group",
            epochs=30,
            smoothing=0.1,
            **_SCRATCH,
        ),
        LabelRecipe(
            "many-labels",
            "any network from scratch, any number of labels",
            epochs=30,
            loss="bce",
            sampler="weighted",
            thresholds="each",
            **_SCRATCH,
        ),
        LabelRecipe(
            "features",
            "ImageNet's network as it is: its features once, then a head in seconds",
            learns="features",
            epochs=40,
            rate=0.003,
            **_LITE,
        ),
        LabelRecipe(
            "head-only",
            "ImageNet's network, a new head, photos altered each time",
            learns="head",
            epochs=8,
            **_LITE,
        ),
        LabelRecipe(
            "last-blocks",
            "ImageNet's network, its last two blocks and a new head, with L2",
            learns="last-blocks",
            epochs=10,
            rate=0.001,
            schedule="plateau",
            patience=2,
            body_rate=0.3,
            weight_decay=0.1,
            **_LITE,
        ),
        LabelRecipe(
            "gradual",
            "ImageNet's network, unfrozen from the head downwards",
            learns="gradual",
            epochs=10,
            rate=0.001,
            body_rate=0.3,
            **_LITE,
        ),
        LabelRecipe(
            "full",
            "ImageNet's network, all of it at once",
            epochs=12,
            rate=0.001,
            body_rate=0.3,
            ema=0.99,
            **_LITE,
        ),
    )
}


def find_label_recipe(name: str) -> LabelRecipe:
    """The recipe of that name; `RecipeError` names the nearest one otherwise."""
    if name in LABEL_RECIPES:
        return LABEL_RECIPES[name]
    near = difflib.get_close_matches(name, LABEL_RECIPES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise RecipeError(f"no recipe {name!r} for labels; there are {', '.join(LABEL_RECIPES)}{hint}")
