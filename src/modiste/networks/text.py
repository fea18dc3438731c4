"""Product names and photos in one space: two small towers, learned from scratch, with comparable vectors.

A name is cut into words, pairs of neighbouring words, and pieces of three to five letters of each word, all
of which find their rows in a table by a hash ("hashing trick", https://arxiv.org/abs/0902.2206, and
fastText's pieces of words, https://arxiv.org/abs/1607.04606). So there is no vocabulary to keep, and a word
that was never seen, or is misspelt, still shares pieces with those that were.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["TextConfig", "TextMatcher", "pieces", "tokens"]

_WORD = re.compile(r"[^\W_]+")
_PIECES = (3, 4, 5)  # letters


@dataclass(frozen=True)
class TextConfig:
    """``buckets`` rows of ``width`` numbers for tokens; photos come as ``features`` numbers; ``hidden`` lie
    between, and vectors have ``dimension`` numbers."""

    features: int
    buckets: int = 16384
    width: int = 96
    hidden: int = 512
    dimension: int = 128

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(**{name: int(values[name]) for name in cls.__dataclass_fields__})


def tokens(text: str) -> list[str]:
    """Words in small letters and pairs of neighbours. ``ValueError`` for a text without letters and digits.

    >>> tokens("Navy-blue SHIRT")
    ['navy', 'blue', 'shirt', 'navy blue', 'blue shirt']
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    if not words:
        raise ValueError(f"expected a text with at least one letter or digit; got {text[:40]!r}")
    return words + [f"{one} {other}" for one, other in pairwise(words)]


def pieces(text: str) -> list[str]:
    """Three to five neighbouring letters of each word, its ends marked.

    >>> pieces("tie")
    ['<ti', 'tie', 'ie>', '<tie', 'tie>', '<tie>']
    """
    marked = [f"<{token}>" for token in tokens(text) if " " not in token]
    return [word[at : at + size] for word in marked for size in _PIECES for at in range(len(word) - size + 1)]


class TextMatcher(nn.Module):
    """Photos' features (N, F) and names → vectors (N, dimension) of length 1: near where they fit.

    ``mean`` and ``spread`` (F,) put the features on one scale; they are set before training. ``log_scale`` is
    the logarithm of what cosines are multiplied with in training, and is learned there.

    >>> matcher = TextMatcher(TextConfig(features=4, buckets=64, width=8, hidden=16, dimension=6)).eval()
    >>> tuple(matcher(torch.rand(3, 4)).shape), tuple(matcher.embed_text(["navy shirt", "a tie"]).shape)
    ((3, 6), (2, 6))
    """

    def __init__(self, config: TextConfig, dropout: float = 0.2) -> None:
        super().__init__()
        self.config = config
        self.dropout = dropout
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("spread", torch.ones(config.features))
        self.table = nn.EmbeddingBag(config.buckets, config.width, mode="mean")
        nn.init.normal_(self.table.weight, std=0.1)
        self.bag_norm = nn.LayerNorm(2 * config.width)
        self.text_inside = nn.Linear(2 * config.width, config.hidden)
        self.text_out = nn.Linear(config.hidden, config.dimension)
        self.photo_inside = nn.Linear(config.features, config.hidden)
        self.photo_out = nn.Linear(config.hidden, config.dimension)
        self.log_scale = nn.Parameter(torch.tensor(2.66))  # exp of it is 14.3, a temperature of 0.07

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, F) → vectors (N, dimension)."""
        scaled = self._dropped((features - self.mean) / self.spread)
        return F.normalize(self.photo_out(self._dropped(F.relu(self.photo_inside(scaled)))), dim=1)

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """Texts → vectors (N, dimension). ``ValueError`` for a text without letters and digits."""
        return self.embed_rows([self.rows_of(text) for text in texts])

    def rows_of(self, text: str) -> tuple[Tensor, Tensor]:
        """The rows of the table for a text's words and for its pieces; at least one each."""
        device, buckets = self.table.weight.device, self.config.buckets
        # Words and pieces may fall into the same rows: their hashes begin differently.
        words = [zlib.crc32(f"w {token}".encode()) % buckets for token in tokens(text)]
        parts = [zlib.crc32(f"p {piece}".encode()) % buckets for piece in pieces(text)]
        return torch.tensor(words, device=device), torch.tensor(parts, device=device)

    def embed_rows(self, rows: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """What `rows_of` gave for each text → vectors (N, dimension)."""
        if not rows:
            return self.text_out.weight.new_zeros(0, self.config.dimension)
        bags = []
        for each in zip(*rows, strict=True):
            sizes = torch.tensor([0, *(len(row) for row in each[:-1])], device=each[0].device)
            bags.append(self.table(torch.cat(each), sizes.cumsum(0)))
        bag = self._dropped(self.bag_norm(torch.cat(bags, dim=1)))
        return F.normalize(self.text_out(self._dropped(F.relu(self.text_inside(bag)))), dim=1)

    def _dropped(self, values: Tensor) -> Tensor:
        return F.dropout(values, self.dropout, self.training)
