"""Everything a training run is decided by, as typed Python.

Expected scores are in the README's table, with the command, hardware, seeds and spread.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from modiste.errors import RecipeError
from modiste.networks.resnet import FEATURES, MOST_STRIPES
from modiste.training.augmentation import Augmentation
from modiste.training.losses import MINING

__all__ = ["OBJECTIVES", "RECIPES", "SAMPLERS", "SCHEDULES", "SINGLE_PHOTO", "Recipe", "Stage", "find_recipe"]

SAMPLERS = ("balanced", "pk", "category", "pairs", "episodes")
"""How batches are put together: see `modiste.training.batches`."""

SCHEDULES = ("cosine", "trapezoid")
"""How the learning rates fall: see `Recipe`."""

SINGLE_PHOTO = ("cross-entropy", "focal", "normalised-softmax", "cosface", "arcface")
"""Objectives that ask of each photo by itself which type it is; the others compare photos."""

OBJECTIVES = {
    **dict.fromkeys((*SINGLE_PHOTO, "proxy-anchor"), ("balanced", "pk", "category")),
    "contrastive": ("pairs",),
    **dict.fromkeys(("triplet", "multi-similarity", "supcon"), ("pk", "category")),
    **dict.fromkeys(("prototypical", "maml"), ("episodes",)),
}
"""What can be minimised, and with which samplers: see `modiste.training.objective`."""

_AT_LEAST_0 = "be at least 0", lambda value: value >= 0
_AT_LEAST_1 = "be at least 1", lambda value: value >= 1
_AT_LEAST_2 = "be at least 2", lambda value: value >= 2
_ABOVE_0 = "be above 0", lambda value: value > 0
_SHARE = "lie in [0, 1]", lambda value: 0 <= value <= 1
_RANGES: dict[str, tuple[str, Callable[[float], bool]]] = {
    "balance": _SHARE,
    "stripes": (f"lie between 1 and {MOST_STRIPES}", lambda value: 1 <= value <= MOST_STRIPES),
    "components": _AT_LEAST_0,
    "cooldown": ("lie in (0, 1]", lambda value: 0 < value <= 1),
    "p_same": ("lie between 0 and 1", lambda value: 0 < value < 1),
    "p_mining": ("lie in (0, 1]", lambda value: 0 < value <= 1),
    "smoothing": ("lie in [0, 1)", lambda value: 0 <= value < 1),
    "mixup": _AT_LEAST_0,
    **dict.fromkeys(("photos_per_type", "ways"), _AT_LEAST_2),
    **dict.fromkeys(("shots", "queries", "inner_steps", "members"), _AT_LEAST_1),
    **dict.fromkeys(("scale", "temperature", "alpha", "beta", "inner_rate", "warmup", "norm_rate"), _ABOVE_0),
    **dict.fromkeys(
        ("focus", "margin", "class_weight_exponent", "focal_gamma", "category_weight", "rotation_weight"),
        _AT_LEAST_0,
    ),
    **dict.fromkeys(
        ("style_weight", "style_epochs", "text_epochs", "copies", "most_per_type", "teacher_weight"),
        _AT_LEAST_0,
    ),
}


@dataclass(frozen=True)
class Stage:
    """Up to this share of the run, photos are shown at this size: small ones teach the coarse shapes fast.

    The last stage's size is the one the finished model works at.
    """

    until: float
    height: int
    width: int


@dataclass(frozen=True)
class Recipe:
    """A run is ``epochs`` times as many photos as there are, ``batch`` at a time; of few photos it shows each
    more often, so that it takes ``least_steps``. Of a type with more photos than ``most_per_type`` so many,
    drawn at random, are read and learned from, and the others not even decoded; 0 sets no bound.

    ``widths`` and ``depths`` describe the network (see `modiste.networks.ResNetConfig`). ``muon_rate`` is the
    peak learning rate of convolutions and matrices, ``adam_rate`` of all else, and normalisations and biases
    learn at ``norm_rate`` times that. Rates rise over the first ``warmup`` share of the run; then they stay
    and fall along a line over the last ``cooldown`` share ("trapezoid"), or fall from there on along a cosine
    (``schedule``). ``ema`` is the decay of the averaged weights, which are the result. ``rehearsal`` is how
    many epochs the run that settles the calibration takes (see `modiste.learn`); 0 leaves it out. With
    ``memory`` the model keeps the vectors of its training photos, and names types with their help
    (`modiste.memory`). Without ``mirror`` it looks at a photo alone and not at its mirror image, too:
    somewhat less sure, and twice as fast. So many ``members`` are trained one after the other, from other
    random weights, and answer together: surer, at so many times the time.

    ``objective`` is what is minimised (`OBJECTIVES`), ``sampler`` how batches are put together (`SAMPLERS`),
    and ``features`` which vector search works with, and every objective that compares photos:

    - ``pooled``: the pooled features, of the last stage but one those of so many horizontal ``stripes``. They
      are whitened once the network is trained, and of each member's so many principal ``components`` stay
      (0: all; see `modiste.training.whitening`);
    - ``projection``: what the heads see;
    - ``outputs``: the type head's outputs without softmax, one number for each learned type.

    The other numbers belong to some objectives or samplers and are not looked at by the rest:

    - ``scale``: what cosines are multiplied with before a softmax, in every objective that has one;
    - ``margin``: of cosines (cosface, proxy-anchor, multi-similarity's choice of pairs), radians (arcface) or
      distances between unit vectors (contrastive, triplet);
    - ``smoothing``: share of the target spread over all types, in the five objectives of single photos;
      ``class_weight_exponent`` e, there, too: a photo counts ∝ (size of its type)^-e; ``focal_gamma``: focal;
    - ``mining`` and ``p_mining``: which triplets (`modiste.training.losses.triplet_loss`);
    - ``temperature``: supcon; ``alpha``, ``beta`` and ``base``: multi-similarity;
    - ``inner_steps`` at ``inner_rate``: maml; an episode's head takes them, and with ``inner_body`` the whole
      network; ``first_order`` leaves out the second derivatives;
    - ``balance`` in [0, 1]: balanced; 0 shows photos as they come, 1 every class equally often; a memory's
      votes count accordingly, whatever the sampler;
    - ``focus`` f: balanced; twice an epoch photos are drawn anew, each also ∝ (0.1 + how hard it is)^f, by
      the loss it had when last shown (`modiste.training.batches.focus_weights`); 0 shows all alike;
    - ``mixup`` α: the five objectives of single photos; another photo of the batch shines through each, by a
      share of Beta(α, α) at most half, and what they show counts by the same shares; 0 leaves it out;
    - ``photos_per_type``: pk and category; ``p_same``, the share of pairs of one type: pairs;
    - ``ways``, ``shots`` and ``queries``: types, support photos and other photos of each in one episode.

    ``category_weight`` is how much the category head counts beside the objective: with the same loss in the
    five objectives of single photos, in the others with cross-entropy over its outputs, which are scaled if
    they are cosines, and with ``smoothing``. ``rotation_weight`` is how much it counts to tell by how many
    quarter-turns a photo was turned. 0 leaves either out. Where there is a teacher, another model that has
    learned from these photos (see `modiste.learn`), ``teacher_weight`` is how much it counts to tell its
    vectors; without one it is not looked at.

    The last four make a recipe *rich*: it then also learns from its training photos' base colours, genders,
    usages, seasons and product names. ``style_weight`` is how much it counts beside the objective to tell
    the first four from what every stage sees, so that the network does not forget them. When it is done,
    ``style_epochs`` and ``text_epochs`` are how long a style head and a text encoder learn from what it
    sees, of the photos and of as many altered ``copies`` of each (see `modiste.training.look`). With all but
    ``copies`` at 0 the recipe is of the *course* regime: types and categories alone.
    """

    name: str
    about: str
    epochs: float
    stages: tuple[Stage, ...] = (Stage(1.0, 80, 60),)
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    batch: int = 256
    least_steps: int = 0
    most_per_type: int = 0
    muon_rate: float = 0.05
    adam_rate: float = 0.003
    norm_rate: float = 8.0
    weight_decay: float = 0.05
    schedule: str = "trapezoid"
    warmup: float = 0.1
    cooldown: float = 0.6
    objective: str = "cosface"
    sampler: str = "balanced"
    features: str = "pooled"
    stripes: int = 4
    components: int = 512
    balance: float = 0.5
    focus: float = 0.0
    mixup: float = 0.0
    photos_per_type: int = 8
    p_same: float = 0.5
    ways: int = 8
    shots: int = 5
    queries: int = 11
    scale: float = 20.0
    margin: float = 0.1
    smoothing: float = 0.1
    class_weight_exponent: float = 0.0
    focal_gamma: float = 2.0
    mining: str = "top-k"
    p_mining: float = 0.1
    temperature: float = 0.1
    alpha: float = 2.0
    beta: float = 50.0
    base: float = 0.5
    inner_steps: int = 3
    inner_rate: float = 0.01
    inner_body: bool = True
    first_order: bool = False
    category_weight: float = 0.5
    rotation_weight: float = 0.0
    teacher_weight: float = 3.0
    style_weight: float = 0.0
    style_epochs: float = 0.0
    text_epochs: float = 0.0
    copies: int = 3
    ema: float = 0.998
    rehearsal: float = 0.0
    memory: bool = False
    mirror: bool = True
    members: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        self._expect(self.epochs > 0 and self.batch >= 2, "epochs must be above 0 and a batch at least 2")
        self._expect(
            len(self.widths) == len(self.depths) >= 2 and min(self.depths[1:]) >= 1 and self.depths[0] >= 0,
            "widths and depths need an entry for each of two stages or more, and every stage but the first a "
            f"block: {self.widths}, {self.depths}",
        )
        self._expect(self.least_steps >= 0, f"least_steps must be at least 0, not {self.least_steps}")
        ends = [stage.until for stage in self.stages]
        self._expect(
            ends == sorted(ends) and bool(ends) and ends[-1] == 1,
            f"stages must ascend and the last one end at 1, not {ends}",
        )
        for name, allowed in (
            ("objective", tuple(OBJECTIVES)),
            ("sampler", SAMPLERS),
            ("schedule", SCHEDULES),
            ("features", FEATURES),
            ("mining", MINING),
        ):
            value = getattr(self, name)
            self._expect(value in allowed, f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        for name, (what, fits) in _RANGES.items():
            value = getattr(self, name)
            self._expect(fits(value), f"{name} must {what}, not {value}")
        self._expect(self.sampler in OBJECTIVES[self.objective], self._why_not_this_sampler())
        if self.sampler in ("pk", "category"):
            self._expect(
                2 * self.photos_per_type <= self.batch,
                f"a batch of {self.batch} has no room for two types of {self.photos_per_type} photos; "
                "ask for fewer photos_per_type or a larger batch",
            )
        if self.sampler == "episodes":
            size = self.ways * (self.shots + self.queries)
            self._expect(
                size <= self.batch,
                f"an episode of {self.ways} ways × ({self.shots} shots + {self.queries} queries) is {size} "
                f"photos and does not fit into a batch of {self.batch}",
            )
        self._expect(
            not self.class_weight_exponent or self.objective in SINGLE_PHOTO,
            f"{self.objective} has no class weights; set class_weight_exponent to 0, or use one of "
            f"{', '.join(SINGLE_PHOTO)}",
        )
        self._expect(
            not self.focus or (self.sampler == "balanced" and self.objective in SINGLE_PHOTO),
            f"focus goes by the loss of each photo in balanced batches, and {self.objective} with "
            f"{self.sampler} has none; set focus to 0",
        )
        self._expect(
            not self.mixup or self.objective in SINGLE_PHOTO,
            f"{self.objective} takes each photo as one type's, and mixed ones are of two; set mixup to 0, or "
            f"use one of {', '.join(SINGLE_PHOTO)}",
        )
        self._expect(
            self.members == 1 or self.features == "pooled",
            f"only pooled features of several members go together, not {self.features}; set members to 1",
        )
        if self.objective == "maml":
            self._expect(
                self.features != "outputs",
                "maml learns a head of its own for each episode and leaves the outputs for the known types "
                "untrained; use features 'pooled' or 'projection'",
            )
            self._expect(
                not self.category_weight,
                "maml adapts to one episode at a time, in which the category head has no part; set "
                "category_weight to 0",
            )
            self._expect(
                not self.style_weight,
                "maml adapts to one episode at a time, in which style has no part; set style_weight to 0",
            )
            self._expect(
                self.inner_steps > 1 or not self.inner_body,
                "an episode's head starts from zero, so that the first inner step moves nothing else; take "
                "at least 2 inner_steps, or set inner_body to False",
            )

    def check_teacher(self) -> None:
        """`RecipeError` if a teacher could teach nothing by this recipe."""
        self._expect(
            self.objective != "maml",
            "maml adapts to one episode at a time, in which a teacher has no part; train without a teacher",
        )

    def _expect(self, fits: bool, otherwise: str) -> None:
        if not fits:
            raise RecipeError(f"recipe {self.name!r}: {otherwise}")

    def _why_not_this_sampler(self) -> str:
        samplers = OBJECTIVES[self.objective]
        if samplers == ("episodes",):
            reason = "learns from a support set and queries, which only episodes have"
        elif samplers == ("pairs",):
            reason = "compares the two photos of a pair"
        elif "balanced" in samplers:
            reason = "looks at each photo by itself, and pairs or episodes would only skew what it sees"
        elif self.sampler == "balanced":
            reason = "compares photos of one type, and balanced batches need not hold two of any"
        else:
            reason = f"compares each photo with a whole batch, and {self.sampler} are made for less"
        return f"{self.objective} {reason}; use sampler {' or '.join(map(repr, samplers))}"

    @property
    def regime(self) -> str:
        """``rich`` if it learns from more than types and categories, else ``course``; never mixed up."""
        return "rich" if self.style_weight or self.style_epochs or self.text_epochs else "course"

    @property
    def head(self) -> str:
        """How the heads answer: ``cosine`` or ``linear`` (see `modiste.networks.ResNetConfig`)."""
        free = self.features == "outputs" and self.objective not in SINGLE_PHOTO
        return "linear" if free or self.objective in ("cross-entropy", "focal") else "cosine"

    @property
    def classify_by(self) -> str:
        """``head`` where the objective teaches it the types, else the nearest of the ``prototypes``."""
        return "head" if self.objective in SINGLE_PHOTO else "prototypes"

    @property
    def logit_scale(self) -> float:
        """What scores of types are multiplied with before a softmax makes probabilities of them."""
        return 1.0 if (self.head, self.classify_by) == ("linear", "head") else self.scale

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_GROWING = (Stage(0.5, 48, 36), Stage(1.0, 64, 48))

# For recipes that are compared with each other.
_PLAIN: dict[str, Any] = {"norm_rate": 1.0, "schedule": "cosine"}
_WHOLE: dict[str, Any] = {"stripes": 1, "components": 0}  # pooled features as they are

# For comparison with each other: one encoder, the same number of photos shown, nothing beside the objective.
_course = partial(
    Recipe, epochs=13, least_steps=400, stages=_GROWING, rehearsal=2, category_weight=0.0, **_PLAIN, **_WHOLE
)

# Few epochs: higher rates, photos altered little, and a memory, which is learned in seconds.
_hurried = partial(
    Recipe,
    muon_rate=0.06,
    adam_rate=0.006,
    memory=True,
    augmentation=Augmentation(rotation=2.0, zoom=0.06, stretch=0.04, shift=0.06, colour=0.03, erasing=0.0),
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        _hurried(
            name="blink",
            about="a first model in fifteen seconds on two cores, from at most 500 photos of a type",
            epochs=1,
            least_steps=100,
            most_per_type=500,
            stages=(Stage(0.4, 32, 24), Stage(1.0, 48, 36)),
            widths=(32, 64, 128),
            depths=(0, 1, 1),
            batch=96,
            balance=0.0,
            mirror=False,
            augmentation=Augmentation(
                rotation=0.0, zoom=0.05, stretch=0.0, shift=0.04, colour=0.0, erasing=0.0
            ),
        ),
        _hurried(
            name="quick",
            about="a useful model in a minute on two cores, for 34,000 photos",
            epochs=2,
            least_steps=100,
            stages=(Stage(0.35, 32, 24), Stage(1.0, 64, 48)),
            widths=(32, 64, 128),
            depths=(0, 1, 1),
            balance=0.35,
            focus=1.0,
        ),
        _hurried(
            name="brisk",
            about="what can be had in two minutes on two cores, for 34,000 photos",
            epochs=2.8,
            least_steps=200,
            stages=(Stage(0.45, 32, 24), Stage(1.0, 64, 48)),
            depths=(0, 1, 1, 1),
            batch=160,
            balance=0.15,
            focus=1.0,
        ),
        Recipe(
            name="light",
            about="for photos by the million: vectors three times as fast as standard's, somewhat less sure",
            epochs=16,
            least_steps=400,
            stages=(Stage(0.3, 32, 24), Stage(1.0, 48, 36)),
            depths=(0, 1, 1, 1),
            focus=1.0,
            rehearsal=2,
            memory=True,
            mirror=False,
        ),
        Recipe(
            name="standard",
            about="the one to use: ten minutes on two cores, for 34,000 photos",
            epochs=12,
            least_steps=400,
            stages=_GROWING,
            focus=1.0,
            rehearsal=2,
            memory=True,
        ),
        Recipe(
            name="thorough",
            about="four of standard's networks that answer as one: forty minutes on two cores, and surest",
            epochs=12,
            least_steps=400,
            stages=_GROWING,
            focus=1.0,
            rehearsal=2,
            memory=True,
            members=4,
        ),
        Recipe(
            name="rich",
            about="standard, and style and product names besides: needs the other columns of styles.csv",
            epochs=12,
            least_steps=400,
            stages=_GROWING,
            focus=1.0,
            rehearsal=2,
            memory=True,
            style_weight=0.2,
            style_epochs=10,
            text_epochs=30,
        ),
        _course(
            name="course-classifier",
            about="the course's classifier: cross-entropy over plain linear outputs, one for each type",
            objective="cross-entropy",
        ),
        _course(
            name="course-embedding",
            about="the course's embedding: outputs without softmax, by the hardest triplets of look-alikes",
            objective="triplet",
            features="outputs",
            sampler="category",
            photos_per_type=16,
            margin=0.2,
            mining="top-k",
            p_mining=0.1,
        ),
        _course(
            name="siamese-contrastive",
            about="pairs of photos, half of them of one type: together or a margin apart",
            objective="contrastive",
            sampler="pairs",
            p_same=0.5,
            margin=1.0,
        ),
        _course(
            name="siamese-triplet",
            about="triplets of photos, semi-hard ones: nearer to its own type than to another by a margin",
            objective="triplet",
            sampler="pk",
            photos_per_type=8,
            margin=0.2,
            mining="semi-hard",
        ),
        _course(
            name="prototypical",
            about="episodes of 16 types: the nearest mean of five photos names the others",
            objective="prototypical",
            sampler="episodes",
            ways=16,
            shots=5,
            queries=11,
        ),
        _course(
            name="maml",
            about="episodes of 8 types: weights from which two steps on five photos each name the others",
            objective="maml",
            sampler="episodes",
            ways=8,
            shots=5,
            queries=11,
            inner_steps=2,
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; `RecipeError` names the nearest one otherwise.

    >>> find_recipe("quick").epochs
    2
    """
    if name in RECIPES:
        return RECIPES[name]
    near = difflib.get_close_matches(name, RECIPES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise RecipeError(f"no recipe {name!r}; there are {', '.join(RECIPES)}{hint}")
