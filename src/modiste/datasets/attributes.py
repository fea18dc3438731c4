"""What a shop knows of a photo beside its class: base colour, gender, usage, season, and the product's name.

Only a *rich* training looks at these, and only at those of its own training photos (see `modiste.learn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modiste.errors import DataError

__all__ = ["ATTRIBUTES", "UNKNOWN", "Attributes", "attribute_columns", "names_of", "need_columns"]

ATTRIBUTES = ("baseColour", "gender", "usage", "season")
UNKNOWN = -1
_SAYS_NOTHING = frozenset(("", "na", "n/a", "nan", "none", "null", "unknown"))
_NAME = "name"  # what every reader calls the product's name, whatever the column was called


@dataclass(frozen=True, eq=False)
class Attributes:
    """N photos' attributes: ``codes`` (N, A) are places in ``values[a]``, or `UNKNOWN`; ``names`` (N,) texts.

    ``values`` has a tuple of at least one word for each of `ATTRIBUTES`. `DataError` if they do not fit.
    """

    values: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int64]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.codes.shape != (len(self.names), len(ATTRIBUTES)) or len(self.values) != len(ATTRIBUTES):
            raise DataError("every photo needs a name and a code for each attribute")
        for attribute, values, codes in zip(ATTRIBUTES, self.values, self.codes.T, strict=True):
            if not values:
                raise DataError(
                    f"{attribute} is unknown of every training photo; the rich regime learns from it"
                )
            if len(codes) and not -1 <= codes.min() <= codes.max() < len(values):
                raise DataError(f"codes of {attribute} must lie in [-1, {len(values) - 1}]")

    def __len__(self) -> int:
        return len(self.names)

    def subset(self, chosen: NDArray[np.int64]) -> Attributes:
        """These photos alone; what the codes mean stays the same."""
        return Attributes(self.values, self.codes[chosen], tuple(self.names[at] for at in chosen))

    @classmethod
    def of(cls, table: pd.DataFrame, rows: NDArray[np.int64]) -> Attributes:
        """The attributes of these rows of a `Dataset`'s table; values known elsewhere only are not in it.

        `DataError` naming the columns that are not there; see :func:`need_columns`.
        """
        need_columns(table)
        here = table.iloc[rows]
        columns = attribute_columns(here)
        values, codes = [], []
        for attribute in ATTRIBUTES:
            known = sorted({value for value in columns[attribute] if value})
            place = {value: at for at, value in enumerate(known)}
            values.append(tuple(known))
            codes.append([place.get(value, UNKNOWN) for value in columns[attribute]])
        made = cls(tuple(values), np.array(codes, np.int64).T.reshape(len(here), -1), tuple(names_of(here)))
        if not any(character.isalnum() for name in made.names for character in name):
            raise DataError("no training photo has a product name; the rich regime learns from them")
        return made


def need_columns(table: pd.DataFrame) -> None:
    """`DataError` naming what of the product's name and `ATTRIBUTES` the table has no column for."""
    missing = [attribute for attribute in ATTRIBUTES if _column(table, attribute) is None]
    if not any(names_of(table)):
        missing.append("productDisplayName")
    if missing:
        raise DataError(
            f"the rich regime learns from {', '.join(ATTRIBUTES)} and productDisplayName; the data has no "
            f"column {', '.join(missing)}; add what is missing, or train by a recipe of the course regime, "
            "such as standard"
        )


def attribute_columns(table: pd.DataFrame) -> dict[str, list[str]]:
    """By attribute: what the table says of each row, "" where that is nothing. Without a column, all "".

    Capitals and underscores in a column's name do not matter.

    >>> table = pd.DataFrame({"base_colour": ["Red", "NA"], "gender": ["Men", ""]})
    >>> found = attribute_columns(table)
    >>> found["baseColour"], found["gender"], found["season"]
    (['Red', ''], ['Men', ''], ['', ''])
    """
    found: dict[str, list[str]] = {}
    for attribute in ATTRIBUTES:
        column = _column(table, attribute)
        said: Sequence[str] = [""] * len(table) if column is None else table[column].astype(str).tolist()
        found[attribute] = [_known(value) for value in said]
    return found


def names_of(table: pd.DataFrame) -> list[str]:
    """Each row's product name, "" where there is none: readers write the id in its place.

    >>> names_of(pd.DataFrame({"id": ["7", "8"], "name": ["Navy shirt", "8"]}))
    ['Navy shirt', '']
    """
    if _NAME not in table:
        return [""] * len(table)
    pairs = zip(table["id"].astype(str), table[_NAME].astype(str), strict=True)
    return ["" if name == id else _known(name) for id, name in pairs]


def _column(table: pd.DataFrame, attribute: str) -> str | None:
    wanted = attribute.lower()
    return next((str(c) for c in table.columns if str(c).lower().replace("_", "") == wanted), None)


def _known(value: str) -> str:
    value = value.strip()
    return "" if value.lower() in _SAYS_NOTHING else value
