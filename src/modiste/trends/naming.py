"""What a group of products may be called, from their names: "Rain Jacket"."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

__all__ = ["suggest_name"]

# A word that fewer of the group's names have does not name it.
SHARE = 1 / 3
FEWEST = 2
# A pair of words is preferred to one of them if so much of the word's names have it.
PAIR = 0.6
_PRIOR = 0.5


def suggest_name(names: Sequence[str], others: Iterable[str]) -> str:
    """The word or two words that tell these ``names`` from the ``others``; "" if none does.

    A word counts by the share of these names that have it, times the logarithm of how many times that is the
    share of the others: its part in the relative entropy of the two. Words that mostly begin names of several
    words are passed over: these are brands. Case and plural do not matter.

    >>> suggest_name(["Acme Rain Jacket", "Ebba Blue Rain Jackets"], ["Acme Blue Shirt", "Ebba Denim Jacket"])
    'Rain Jacket'
    """
    ours = [_words(name) for name in names]
    theirs = [_words(name) for name in others]
    least = max(FEWEST, math.ceil(SHARE * len(ours)))
    here, there = _counts(ours), _counts(theirs)
    begins = Counter(words[0] for words in ours if len(words) > 1)
    scores = {
        term: _weight(count / len(ours), (there[term] + _PRIOR) / (len(theirs) + 2 * _PRIOR))
        for term, count in here.items()
        if count >= least and begins[term.partition(" ")[0]] <= count / 2
    }
    scores = {term: score for term, score in scores.items() if score > 0}
    if not scores:
        return ""
    best = max(scores, key=lambda term: (scores[term], term))
    for pair in sorted(scores, key=lambda term: -scores[term]):
        if " " in pair and best in pair.split() and here[pair] >= PAIR * here[best]:
            best = pair
            break
    return best.title()


def _weight(share: float, elsewhere: float) -> float:
    return share * math.log(share / elsewhere)


def _counts(names: Sequence[Sequence[str]]) -> Counter[str]:
    """In how many names each word and each pair of neighbouring words is."""
    counted: Counter[str] = Counter()
    for words in names:
        counted.update({*words, *(f"{one} {other}" for one, other in pairwise(words))})
    return counted


def _words(name: str) -> list[str]:
    """Lower-case words of at least three letters, in the singular where that is regular."""
    words = re.findall(r"[^\W\d_]{3,}", name.replace("-", "").lower())
    return [re.sub(r"(?<=ch|sh|ss)es$|(?<=x)es$|(?<=[^s])s$", "", word) for word in words]
