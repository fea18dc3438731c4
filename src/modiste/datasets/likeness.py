"""How alike two names are: "Park Avenue Blue Tie" and "Ties"."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["likeness"]

_PARTS = (3, 5)  # letters in a part of a word


def likeness(names: Sequence[str], classes: Sequence[str]) -> NDArray[np.float64]:
    """The cosine (N, C) in [0, 1] between each name and each class name.

    Names are TF-IDF vectors, once of their words in the singular and once of the parts of these, of 3 to 5
    letters; the better cosine counts. What no class name has does not count: brand and colour make a product
    no less a tie. Whole words find "Ties" in a long name, parts find "Scarves" for "Scarf".

    >>> likeness(["Park Avenue Blue Patterned Tie", "Arrow Scarf"], ["Ties", "Watches", "Scarves"]).round(1)
    array([[1. , 0. , 0. ],
           [0. , 0. , 0.6]])
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    asked, known = [_singular(name) for name in names], [_singular(name) for name in classes]
    best = np.zeros((len(asked), len(known)))
    if not asked or not any(known):
        return best
    for vectors in (
        TfidfVectorizer(analyzer=str.split),
        TfidfVectorizer(analyzer="char_wb", ngram_range=_PARTS, sublinear_tf=True),
    ):
        targets = vectors.fit_transform(known)
        best = np.maximum(best, (vectors.transform(asked) @ targets.T).toarray())
    return best


def _singular(name: str) -> str:
    """Lower-case words in the singular, where regular: ``longSleeve_T-Shirts`` → ``long sleeve tshirt``.

    A hyphen joins, as spellings differ in it; whatever else is no letter parts.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("-", "").lower()
    words = re.findall(r"[^\W\d_]+", apart)
    return " ".join(re.sub(r"(?<=ch|sh|ss)es$|(?<=x)es$|(?<=[^s])s$", "", word) for word in words)
