"""What an evaluation found: the figures, what they were measured on, and what could not be measured.

``results.json`` is :meth:`Results.as_dict` as it is; no figure in it is rounded. A part that could not be
measured is absent, and ``skipped`` says why. The file says all that a report needs, without the model: every
figure, and what was answered for every test photo.

Intervals are ``[low, high]``, 95 %. Those of episodes are over episodes; all others come from drawing classes
with replacement (`modiste.metrics.class_bootstrap`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

from modiste.errors import DataError

__all__ = [
    "FORMAT",
    "Alike",
    "Between",
    "ClassScore",
    "Confusions",
    "Data",
    "Example",
    "Examples",
    "Expanded",
    "FewShot",
    "MapOverlap",
    "MapSplit",
    "Maps",
    "MethodScore",
    "ModelInfo",
    "Photos",
    "Ranking",
    "Recall",
    "Reliability",
    "Results",
    "Scenario",
    "Score",
    "Selective",
    "SplitData",
    "Style",
    "StyledScenario",
    "Text",
    "Threshold",
    "Typical",
    "from_values",
    "read_results",
    "write_results",
    "write_values",
]

FORMAT = 1
"""Goes up when a key of ``results.json`` changes its meaning or disappears; new keys do not count."""


@dataclass(frozen=True)
class Reliability:
    """Whether answers given with confidence p are right with frequency p.

    ``ece`` is the expected calibration error. Bin b lies between ``edges[b]`` and ``edges[b + 1]`` and holds
    ``counts[b]`` answers, of mean ``confidence[b]``, of which the share ``accuracy[b]`` is right.
    """

    ece: float
    edges: list[float]
    counts: list[int]
    confidence: list[float]
    accuracy: list[float]


@dataclass(frozen=True)
class Score:
    """Share of the ``n`` photos named right, and its mean over the classes they belong to; both in [0, 1].

    ``top_k`` maps k, as text, to the share of photos whose class is among the k most probable.
    """

    accuracy: float
    balanced_accuracy: float
    n: int
    interval: list[float] = field(default_factory=list)
    balanced_interval: list[float] = field(default_factory=list)
    top_k: dict[str, float] = field(default_factory=dict)
    calibration: Reliability | None = None


@dataclass(frozen=True)
class MethodScore:
    """What one way of reading the support set reached."""

    accuracy: float
    balanced_accuracy: float


@dataclass(frozen=True)
class Scenario:
    """Test photos named from a support set, without training.

    The figures are those of ``method``, fixed before the test photos were seen; ``methods`` has every
    candidate by its label, for comparison, that one among them. ``without_duplicates`` leaves out the test
    photos that are ``duplicates`` (their ids): nearly the same picture as one of the support set.
    """

    accuracy: float
    balanced_accuracy: float
    method: str
    n_support: int
    n_test: int
    methods: dict[str, MethodScore]
    interval: list[float] = field(default_factory=list)
    balanced_interval: list[float] = field(default_factory=list)
    top_k: dict[str, float] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)
    without_duplicates: Score | None = None


@dataclass(frozen=True)
class FewShot:
    """Mean accuracy over ``episodes`` with ``queries`` for each class, by the nearest mean direction.

    ``each`` has the accuracy of every episode; which photos are in one depends on labels and seed alone, so
    that two models meet the same. ``transductive`` is the mean accuracy, with its interval, when queries are
    named together; ``unbalanced`` and ``unbalanced_transductive`` the same two where classes are asked for
    unequally often.
    """

    accuracy: float
    interval: list[float]
    episodes: int
    queries: int
    transductive: float
    transductive_interval: list[float]
    unbalanced: float
    unbalanced_interval: list[float]
    unbalanced_transductive: float
    unbalanced_transductive_interval: list[float]
    each: list[float]


@dataclass(frozen=True)
class RankingMeans:
    """What a ranking is told by, as means over the test photos of whose type the support set has any."""

    map: float
    interval: list[float]
    balanced_map: float
    precision_at_1: float
    r_precision: float
    map_at_r: float


@dataclass(frozen=True)
class Expanded(RankingMeans):
    """The means where each photo stands for its nearest ``neighbours``, too; see `modiste.expansion`.

    ``each`` has the average precision of each test photo, as in `Ranking`; older results have none.
    """

    neighbours: int
    each: list[float | None] = field(default_factory=list)


@dataclass(frozen=True)
class Ranking(RankingMeans):
    """How well a scenario's support photos are ranked for each test photo; see `modiste.metrics.retrieval`.

    Means are over ``n_queries`` test photos. ``curve`` has points (recall, precision). ``each`` has the
    average precision of each test photo, None for those without a fitting one; ``by_class`` its mean for each
    type. ``expanded`` is how well they are ranked by neighbourhoods.
    """

    precision_at: dict[str, float]
    recall_at: dict[str, float]
    curve: list[list[float]]
    by_class: dict[str, float]
    n_queries: int
    each: list[float | None]
    expanded: Expanded | None = None


@dataclass(frozen=True)
class Confusions:
    """``matrix[t][p]`` photos of class ``labels[t]`` were called ``labels[p]``.

    ``pairs`` are the most frequent mistakes: true class, what it was called, how often, and which share of
    the true class that is.
    """

    labels: list[str]
    matrix: list[list[int]]
    pairs: list[list[Any]]


@dataclass(frozen=True)
class ClassScore:
    """Of ``support`` photos of a class ``recall`` was found; ``precision`` of those so called are of it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Photos:
    """The test photos of a split, in order: ids, type ids and category ids."""

    ids: list[str]
    types: list[int]
    categories: list[int]


@dataclass(frozen=True)
class Example:
    """A query, its type, the items it was recommended, of which types, how surely, and whether one fits."""

    id: str
    type: str
    items: list[str]
    item_types: list[str]
    confidence: float
    shown: bool
    right: bool


@dataclass(frozen=True)
class Threshold:
    """Showing what is as sure as ``threshold`` answers ``coverage`` of the queries, ``error`` of it wrong."""

    threshold: float
    coverage: float
    error: float


@dataclass(frozen=True)
class Selective:
    """Recommendations for the test photos of scenario 4 from its support photos, and when to show them.

    A recommendation is wrong when none of its items has the query's type; ``hit_rate`` is over all ``n_test``
    queries. ``coverage_at_error`` maps an error, as text, to the largest coverage that keeps to it, and
    ``threshold_at_error`` to the threshold that does so, None where none can; ``error_at_coverage`` maps a
    coverage to the error. ``curve`` has at most 200 points (coverage, error), from the strictest threshold to
    the most generous, and ``curve_thresholds`` the threshold of each. At the model's own ``threshold``,
    ``shown`` is the share of queries answered and ``shown_error`` the share of those answers that are wrong,
    0 when there are none.

    ``table`` shows what other thresholds would give; ``intervals`` has those of the figures of its keys
    (``coverage_at_error.0.05`` and so on); ``reliability`` compares confidence and frequency.
    ``without_duplicates`` are the main figures without the queries that are nearly the same picture as a
    support photo, ``n_test`` among them. ``confidence`` and ``hits`` (1 or 0) are those of each query, in the
    order of the test photos; ``examples`` some to look at: shown and withheld, right and wrong.

    ``absent`` is the share for which something is shown though nothing fits: of pictures that are no fashion,
    by kind, and (``lacking_type``) of the test photos when the support photos of their type are taken away.
    """

    hit_rate: float
    aurc: float
    augrc: float
    eaurc: float
    coverage_at_error: dict[str, float]
    threshold: float
    shown: float
    shown_error: float
    n_support: int
    n_test: int
    curve: list[list[float]]
    curve_thresholds: list[float]
    error_at_coverage: dict[str, float] = field(default_factory=dict)
    threshold_at_error: dict[str, float | None] = field(default_factory=dict)
    table: list[Threshold] = field(default_factory=list)
    intervals: dict[str, list[float]] = field(default_factory=dict)
    reliability: Reliability | None = None
    without_duplicates: dict[str, float] = field(default_factory=dict)
    confidence: list[float] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    absent: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Alike:
    """What the three first items for each query have of it; shares in [0, 1].

    ``first_of_type``: queries whose first item is of their type; ``hit_rate``: those with one of three;
    ``same_type``: items of their query's type; ``same``: items of their query's base colour, gender and so
    on, over the queries of which it is known.
    """

    first_of_type: float
    hit_rate: float
    same_type: float
    same: dict[str, float]


@dataclass(frozen=True)
class StyledScenario:
    """Support photos recommended for test photos: by type alone (``plain``), and in style (``styled``)."""

    plain: Alike
    styled: Alike
    n_support: int
    n_test: int


@dataclass(frozen=True)
class Style:
    """Whether recommendations look like the photo, for models of the rich regime.

    ``pull`` is what agreement in style was worth, ``among`` how many of the nearest were put in order.
    ``named`` has, for each attribute, the share of the test photos whose own value the model finds most
    probable. ``scenarios`` are numbered as in `Results`.
    """

    pull: float
    among: int
    named: dict[str, float]
    scenarios: dict[str, StyledScenario]


@dataclass(frozen=True)
class Recall:
    """Share of ``n`` names that find their photo first, or among the first ten; see `find_by_text`."""

    recall_at_1: float
    recall_at_10: float
    same_name_at_1: float
    same_name_at_10: float
    n: int


@dataclass(frozen=True)
class Text:
    """Product names looked for among the photos of all splits and all others in the data (``n_pool``).

    ``queries``: by split, ``main_test`` and ``new_test``, and for ``both`` together.
    """

    n_pool: int
    queries: dict[str, Recall]


@dataclass(frozen=True)
class MapSplit:
    """Photos of a split in the map: ids, places in ``Maps.labels`` and points (x, y), to a thousandth.

    ``centroids`` are the points of the mean directions of all photos of each class, in the order of the
    labels.
    """

    ids: list[str]
    classes: list[int]
    points: list[list[float]]
    centroids: list[list[float]]


@dataclass(frozen=True)
class MapOverlap:
    """Whether classes that lie over each other in the map are those that are confused.

    ``pairs``: two classes, their overlap (the share of one class among the nearest training points of the
    other's test points; 0 is apart), and how often one is called the other (share, None if not measured);
    means of both directions.
    ``correlation`` is Spearman's over the pairs, None where it has none; ``p_value`` that of chance.
    """

    pairs: list[list[Any]]
    correlation: float | None
    p_value: float | None


@dataclass(frozen=True)
class Maps:
    """Some classes in two dimensions, by ``method`` (``t-sne`` or ``pca``), fitted on the training photos.

    ``splits`` has the training photos, and the test photos placed among them; some of each class.
    """

    method: str
    labels: list[str]
    splits: dict[str, MapSplit]
    overlap: MapOverlap


@dataclass(frozen=True)
class Between:
    """Two ``classes``: their centroids, by split, and what lies between them.

    ``nearest`` has the photo nearest to each centroid; ``way`` the photos along the line from one to the
    other: id, class, and place on it, from 0 to 1. ``apart`` is the distance of the centroids within a split,
    ``moved`` that of each class's centroids from split to split; vectors have length 1.
    """

    classes: list[str]
    nearest: dict[str, list[str]]
    way: dict[str, list[list[Any]]]
    apart: dict[str, float]
    moved: dict[str, float]


@dataclass(frozen=True)
class Typical:
    """Test photos of a class: nearest to its mean, and farthest from it (the farthest first)."""

    typical: list[str]
    odd: list[str]


@dataclass(frozen=True)
class Examples:
    """Photos to look at, by id: typical and odd ones of each class, and ``thumbnails`` as data URIs.

    There are thumbnails of these, of the examples of recommendations and their items, of the photos nearest
    to centroids and between them, and of some that were named wrongly.
    """

    classes: dict[str, Typical]
    thumbnails: dict[str, str]


@dataclass(frozen=True)
class SplitData:
    """``n`` photos of a split were there; the ids of those that were not are in ``missing``.

    ``fingerprint`` changes with the photos' ids, their order, types or categories.
    """

    n: int
    missing: list[str]
    fingerprint: str


@dataclass(frozen=True)
class Data:
    """What the figures were measured on. Equal fingerprints: the same photo ids, splits and labels."""

    fingerprint: str
    splits: dict[str, SplitData]


@dataclass(frozen=True)
class ModelInfo:
    """Which model, and what of it decides the figures.

    ``regime``: ``course``, if it learned from types and categories alone, or ``rich``. ``named_by``: what
    names known types, such as "network".
    """

    id: str
    dimension: int
    support: dict[str, Any]
    regime: str = "course"
    named_by: str = "network"


@dataclass(frozen=True)
class Results:
    """Everything one evaluation found; see the module's text.

    ``skipped`` maps a part (``classification``, ``scenarios.3``, ``categories``, ``selective``, ``style``,
    ``text``, ``few_shot.5x1``, ``retrieval.2``) to the reason why it is absent; ``style`` and ``text`` are of
    the rich regime alone; ``notes`` are remarks without which a figure might be misread.

    The names of the parts that name photos are the keys of ``predictions`` (the id of the type, or category,
    that each test photo was called, in the order of ``photos``), ``per_class``, ``confusions`` and ``wrong``
    (photo id → the class it is and the class it was called). ``photos`` has the test splits; a part's test
    photos are those of ``tests[part]``, one split after the other. ``names`` are those of the type and
    category ids.

    ``maps``, ``between`` and ``examples`` are there when they were asked for. ``history`` has the rows of the
    model's learning curve, empty when there is none.
    """

    model: ModelInfo
    data: Data
    classification: Score | None
    scenarios: dict[str, Scenario]
    categories: Scenario | None
    selective: Selective | None
    style: Style | None = None
    text: Text | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    few_shot: dict[str, FewShot] = field(default_factory=dict)
    retrieval: dict[str, Ranking] = field(default_factory=dict)
    per_class: dict[str, dict[str, ClassScore]] = field(default_factory=dict)
    confusions: dict[str, Confusions] = field(default_factory=dict)
    wrong: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    photos: dict[str, Photos] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    predictions: dict[str, list[int]] = field(default_factory=dict)
    maps: Maps | None = None
    between: Between | None = None
    examples: Examples | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    format: int = FORMAT

    def __repr__(self) -> str:
        photos = sum(split.n for split in self.data.splits.values())
        return (
            f"Results(model {self.model.id} on {photos} photos; modiste.evaluation.summary tells the figures)"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a part that was skipped is absent."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The results :meth:`as_dict` gave; ``DataError`` for anything else."""
        if values.get("format") != FORMAT:
            raise DataError(
                f"expected results of format {FORMAT}, got {values.get('format')!r}; evaluate the model again"
            )
        try:
            absent = dict.fromkeys(("classification", "categories", "selective"))
            results: Self = from_values(cls, absent | dict(values))
        except (KeyError, TypeError, AttributeError) as problem:
            raise DataError(f"expected evaluation results, got something else: {problem!r}") from problem
        return results


def from_values(kind: Any, value: Any) -> Any:
    """A value of a dataclass's field, or the dataclass itself, from what :meth:`Results.as_dict` made of it.

    Keys that a dataclass does not have are those of a newer version, and are left out.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        kinds = get_type_hints(kind)
        return kind(
            **{f.name: from_values(kinds[f.name], value[f.name]) for f in fields(kind) if f.name in value}
        )
    outer, inner = get_origin(kind), get_args(kind)
    if outer is dict:
        return {key: from_values(inner[1], each) for key, each in value.items()}
    if outer is list:
        return [from_values(inner[0], each) for each in value]
    if outer is UnionType:
        return None if value is None else from_values(inner[0], value)
    return value


def write_results(results: Results, path: str | Path) -> None:
    """Write ``results.json`` whole or not at all: beside its place first, then moved there."""
    write_values(results.as_dict(), path)


def write_values(values: Mapping[str, Any], path: str | Path) -> None:
    """The same for any plain values."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _as_text(values) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _as_text(value: Any, indent: str = "") -> str:
    """JSON with a key a line, but a list of plain values in one: a matrix keeps its shape.

    >>> print(_as_text({"n": 2, "counts": [[5, 0], [1, 4]]}))
    {
      "n": 2,
      "counts": [
        [5, 0],
        [1, 4]
      ]
    }
    """
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        keys = (deeper + json.dumps(key, ensure_ascii=False) for key in value)
        lines = [f"{key}: {_as_text(each, deeper)}" for key, each in zip(keys, value.values(), strict=True)]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(each, list | dict) for each in value):
        return "[\n" + ",\n".join(deeper + _as_text(each, deeper) for each in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_results(path: str | Path) -> Results:
    """What :func:`write_results` wrote; ``DataError`` when it is not there or something else."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: expected the JSON that modiste evaluate writes; {problem}") from problem
    if not isinstance(values, dict):
        raise DataError(
            f"{path}: expected the JSON that modiste evaluate writes, got {type(values).__name__}"
        )
    return Results.from_dict(values)
