"""What a model remembers of its training photos: look-alikes have a say in which type a photo shows.

A network's head sums up each type in one direction. Photos come in series, though: the same product in
another size or print, the same model in the same pose. Their vectors lie side by side, and the nearest ones
know what the head has forgotten. Both say how likely each type is; the product of the two names it, as
"lda+knn" reads a support set (`modiste.support_set`). See research/LOG.md for what that is worth.

A vector is kept as D bytes: 34,000 photos of 512 numbers take 17 MB on disk, and four times that when used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import safetensors.numpy
from numpy.typing import ArrayLike, NDArray

from modiste.support_set import SupportMethod, nearest, pooled, vote, vote_worth

__all__ = ["Memory"]

# Votes fade faster than in a small support set: among tens of thousands of photos, near ones are near.
_METHOD = SupportMethod("knn", k=20, temperature=0.025)


@dataclass(frozen=True, eq=False)
class Memory:
    """``codes`` (N, D) are the photos' vectors in bytes, ``types`` (N,) what each of them shows.

    Types count from 0 to C − 1, as the network's. ``balance`` in [0, 1] is how much rare types are favoured
    (`modiste.support_set.vote_worth`): as much as in the network's training, or both would pull in different
    directions. ``ValueError`` for anything else.
    """

    codes: NDArray[np.int8]
    types: NDArray[np.uint16]
    balance: float = 0.5

    def __post_init__(self) -> None:
        fits = self.codes.ndim == 2 and len(self.codes) > 0 and self.types.shape == (len(self.codes),)
        if not fits or self.codes.dtype != np.int8 or self.types.dtype != np.uint16:
            raise ValueError(
                f"expected bytes (N, D) and the types of N ≥ 1 photos; got {self.codes.dtype} "
                f"{self.codes.shape} and {self.types.dtype} {self.types.shape}"
            )
        if not 0 <= self.balance <= 1:
            raise ValueError(f"expected a balance between 0 and 1; got {self.balance}")

    @classmethod
    def of(cls, vectors: ArrayLike, types: ArrayLike, *, balance: float = 0.5) -> Self:
        """Of unit vectors (N, D) and types (N,); a cosine changes by some thousandths.

        >>> memory = Memory.of([[1.0, 0.0], [0.0, 1.0]], [0, 1])
        >>> memory.codes.tolist(), len(memory)
        ([[127, 0], [0, 127]], 2)
        """
        exact = np.asarray(vectors, np.float32)
        codes = np.rint(exact * (127 / max(float(np.abs(exact).max(initial=0)), 1e-12))).astype(np.int8)
        return cls(codes, np.asarray(types, np.uint16), balance)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.codes.shape[1])

    def remind(self, probabilities: NDArray[np.float32], vectors: ArrayLike) -> NDArray[np.float32]:
        """What the network thinks (Q, C) of photos with these vectors (Q, D), after a look at similar ones.

        Rows sum to 1. ``ValueError`` if a photo that is remembered is of a type beyond C.

        >>> memory = Memory.of([[1.0, 0.0], [0.0, 1.0]], [0, 1])
        >>> memory.remind(np.array([[0.5, 0.5]], np.float32), [[1.0, 0.2]]).round(2).tolist()
        [[1.0, 0.0]]
        """
        count = probabilities.shape[1]
        worth = vote_worth(np.bincount(self.types, minlength=count), self.balance)
        if len(worth) > count:
            raise ValueError(f"expected remembered types below {count}; got {int(self.types.max())}")
        found = nearest(vectors, self._vectors, _METHOD.k)
        votes = vote(self.types[found.rows].astype(np.int64), found.cosines, count, _METHOD, worth=worth)
        return pooled(probabilities.astype(np.float64), votes).astype(np.float32)

    def as_bytes(self) -> bytes:
        """As a safetensors file."""
        balance = np.array(self.balance)
        return safetensors.numpy.save({"codes": self.codes, "types": self.types, "balance": balance})

    @classmethod
    def from_bytes(cls, file: bytes) -> Self:
        """What `as_bytes` made; ``ValueError``, ``KeyError`` or ``SafetensorError`` for anything else.

        >>> memory = Memory.of([[1.0, 0.0]], [3])
        >>> Memory.from_bytes(memory.as_bytes()).types.tolist()
        [3]
        """
        tensors = safetensors.numpy.load(file)
        balance = tensors["balance"].item() if "balance" in tensors else 0.5  # older files say nothing
        return cls(tensors["codes"], tensors["types"], balance)

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        return self.codes.astype(np.float32)
