"""One class per photo out of a noisy hierarchy, by a recipe that can be written down and run again.

Fashion Product Images names each photo on three levels, and none is a good set of classes: the coarse one
puts shoes of all kinds together, the fine ones have classes of a single photo. The recipe takes from each
level what has photos enough:

1. start from ``masterCategory``;
2. where a ``subCategory`` has *more than* 105 photos, it is the class;
3. the article types *Tshirts* and *Shirts* are classes of their own;
4. classes of fewer than 5 photos are left out, with their photos;
5. *Free Items* says nothing of what is shown. Each of its products gets the class whose name, or the name of
   one of whose article types, is most like its own (cosine between TF-IDF vectors; `likeness`). A
   product like none of them becomes *Unknown*, for a network to name.

Counted are rows that have a photo, and only those. On the 40,784 of the development copy, steps 1 to 3 give
30 classes (balance 0.803), step 4 leaves 29 classes with 40,783 rows (balance 0.811).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from modiste.datasets.info import balance
from modiste.datasets.likeness import likeness
from modiste.errors import DataError

__all__ = ["UNKNOWN", "Refined", "RefiningRecipe", "refine"]

UNKNOWN = "Unknown"
_LEVELS = ("masterCategory", "subCategory", "articleType")


@dataclass(frozen=True)
class RefiningRecipe:
    """What decides the classes; see the module's text.

    ``more_than`` is the number of photos a subCategory must exceed, ``at_least`` the number a class needs,
    ``keep`` the article types that are classes of their own, ``unnamed`` the class that says nothing, and
    ``like`` in (0, 1] the cosine from which a product's name is taken for a class's.
    """

    more_than: int = 105
    keep: tuple[str, ...] = ("Tshirts", "Shirts")
    at_least: int = 5
    unnamed: str = "Free Items"
    like: float = 0.6

    def __post_init__(self) -> None:
        if self.more_than < 0 or self.at_least < 1 or not 0 < self.like <= 1:
            raise DataError(
                "expected more-than ≥ 0, at-least ≥ 1 and a likeness in (0, 1]; got "
                f"{self.more_than}, {self.at_least} and {self.like:g}"
            )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Refined:
    """The rows that are left, each with its class.

    ``table`` has the listing's columns and three more: ``class``, ``class_from`` ("masterCategory",
    "subCategory", "articleType", "name" or "unmatched") and ``class_score`` (the likeness of names, "" where
    none was asked). ``before`` and ``after`` count the classes before and after small ones are left out, both
    before any row is relabelled.
    """

    table: pd.DataFrame
    before: Counter[str]
    after: Counter[str]
    relabelled: int
    unknown: int
    recipe: RefiningRecipe

    def as_dict(self) -> dict[str, Any]:
        """The figures, ready for JSON. ``classes``, ``rows`` and ``balance`` are those of ``after``."""
        final = Counter(self.table["class"])
        return {
            "classes_before": len(self.before),
            "classes": len(self.after),
            "rows": len(self.table),
            "balance_before": round(balance(list(self.before.values())), 4),
            "balance": round(balance(list(self.after.values())), 4),
            "relabelled": self.relabelled,
            "unknown": self.unknown,
            "left_out": {name: self.before[name] for name in sorted(self.before - self.after)},
            "counts": dict(self.after.most_common()),
            "final_classes": len(final),
            "final_balance": round(balance(list(final.values())), 4),
            "final_counts": dict(final.most_common()),
            "recipe": self.recipe.as_dict(),
        }


def refine(table: pd.DataFrame, recipe: RefiningRecipe | None = None) -> Refined:
    """The refined classes of a listing's table (N rows, "" for unknown labels).

    Raises `DataError` when the table lacks one of the three levels, or when no class is large enough.

    >>> rows = [("Apparel", "Topwear", "Shirts")] * 3 + [("Home", "Rugs", "Rugs")]
    >>> table = pd.DataFrame(rows, columns=["masterCategory", "subCategory", "articleType"])
    >>> found = refine(table.assign(name="a thing"), RefiningRecipe(at_least=2))
    >>> dict(found.before), dict(found.after)
    ({'Shirts': 3, 'Home': 1}, {'Shirts': 3})
    """
    recipe = recipe or RefiningRecipe()
    if missing := [level for level in _LEVELS if level not in table]:
        raise DataError(
            f"refining needs the columns {', '.join(_LEVELS)}; {', '.join(missing)} missing "
            "(Fashion Product Images has them in styles.csv)"
        )
    large = {name for name, photos in Counter(table["subCategory"]).items() if photos > recipe.more_than}
    made = [
        (kind, "articleType")
        if kind in recipe.keep
        else ((sub, "subCategory") if sub and sub in large else (master, "masterCategory"))
        for master, sub, kind in zip(*(table[level] for level in _LEVELS), strict=True)
    ]
    before = Counter(name for name, _ in made if name)
    after = Counter({name: photos for name, photos in before.items() if photos >= recipe.at_least})
    if not after:
        raise DataError(f"no class has {recipe.at_least} photos; choose a smaller number")
    kept = np.array([name in after for name, _ in made], bool)
    left = table[kept].reset_index(drop=True)
    left["class"] = [name for name, _ in made if name in after]
    left["class_from"] = [level for name, level in made if name in after]
    left["class_score"] = ""
    relabelled, unknown = _name_the_unnamed(left, recipe)
    return Refined(left, before, after, relabelled, unknown, recipe)


def _name_the_unnamed(table: pd.DataFrame, recipe: RefiningRecipe) -> tuple[int, int]:
    """Give the rows of the class that says nothing another one, in place: (relabelled, unknown)."""
    unnamed = table.index[table["class"] == recipe.unnamed]
    if not len(unnamed):
        return 0, 0
    names, classes = _class_names(table[table["class"] != recipe.unnamed])
    if not names:
        return 0, 0
    alike = likeness(table.loc[unnamed, "name"].tolist(), names)
    best = alike.argmax(axis=1)
    scores = alike[np.arange(len(best)), best]
    matched = scores >= recipe.like
    table.loc[unnamed, "class"] = [
        classes[at] if fits else UNKNOWN for at, fits in zip(best, matched, strict=True)
    ]
    table.loc[unnamed, "class_from"] = np.where(matched, "name", "unmatched")
    table.loc[unnamed, "class_score"] = [f"{score:.3f}" for score in scores]
    return int(matched.sum()), int((~matched).sum())


def _class_names(table: pd.DataFrame) -> tuple[list[str], Sequence[str]]:
    """Names a product may go by, and the class each stands for: the classes' own, then their article types'.

    A name of several classes stands for the one that has most photos of it.
    """
    stands_for = {name: name for name in Counter(table["class"])}
    for level in ("subCategory", "articleType"):
        pairs = Counter(zip(table[level], table["class"], strict=True))
        for (name, kind), _ in pairs.most_common():
            if name:
                stands_for.setdefault(name, kind)
    return list(stands_for), list(stands_for.values())
