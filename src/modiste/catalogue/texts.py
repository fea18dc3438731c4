"""Many short texts in little memory: the ids, names and labels of all items, and in which row an id stands.

A Python string takes some sixty bytes beside its letters, and an entry of a dictionary as much again. In
Arrow's columns a text takes its letters and four bytes, or four bytes alone where many are the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["PIECE", "RowOf", "Texts"]

# Rows of a piece: to change a text, its piece is copied.
PIECE = 65_536
# Pieces of so few rows are joined with those that follow.
SMALL = 1000
# New ids are looked up in a small table of their own until there are so many.
APART = 1000


class Texts(Sequence[str]):
    """N texts that never change. Where ``repeating``, those that are equal are kept once in each piece.

    >>> few = Texts.of(["a", "b"])
    >>> few.with_new(["c"]).with_changed({0: "A"})
    Texts(['A', 'b', 'c'])
    >>> few[1], few == ("a", "b")
    ('b', True)
    """

    def __init__(self, pieces: Iterable[Any], *, repeating: bool = False) -> None:
        """``pieces`` are Arrow's arrays of strings, of at most `PIECE` rows if they are to be changed."""
        kept = (_packed(piece, repeating) for piece in pieces if len(piece))
        self._pieces: tuple[Any, ...] = tuple(kept)
        self._repeating = repeating
        self._starts = [0]
        for piece in self._pieces:
            self._starts.append(self._starts[-1] + len(piece))

    @classmethod
    def of(cls, texts: Sequence[str], *, repeating: bool = False) -> Self:
        """These texts; the same object if they are packed already."""
        if isinstance(texts, cls):
            return texts
        return cls(
            (pa.array(texts[start : start + PIECE], pa.string()) for start in range(0, len(texts), PIECE)),
            repeating=repeating,
        )

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[str, ...]: ...
    def __getitem__(self, row: int | slice) -> str | tuple[str, ...]:
        if isinstance(row, slice):
            return tuple(self[each] for each in range(*row.indices(len(self))))
        row += len(self) if row < 0 else 0
        if not 0 <= row < len(self):
            raise IndexError(f"expected a row below {len(self)}; got {row}")
        at = bisect_right(self._starts, row) - 1
        return str(self._pieces[at][int(row) - self._starts[at]].as_py())

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            yield from piece.to_pylist()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Texts({[*self[:3], *(['…'] if len(self) > 3 else [])]!r})"

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return sum(piece.nbytes for piece in self._pieces)

    def coded(self) -> tuple[NDArray[np.int32], list[str]]:
        """(N,) which of the distinct texts each one is, and those in the order they first come.

        >>> codes, distinct = Texts.of(["b", "a", "b"]).coded()
        >>> codes.tolist(), distinct
        ([0, 1, 0], ['b', 'a'])
        """
        number_of: dict[str, int] = {}
        codes = np.empty(len(self), np.int32)
        for start, piece in zip(self._starts, self._pieces, strict=False):
            here = piece if self._repeating else piece.dictionary_encode()
            of_piece = [number_of.setdefault(text, len(number_of)) for text in here.dictionary.to_pylist()]
            codes[start : start + len(piece)] = np.array(of_piece, np.int32)[here.indices.to_numpy()]
        return codes, list(number_of)

    def hashes(self) -> NDArray[np.int64]:
        """(N,) Python's own hash of each, which is another one in every process."""
        found = np.empty(len(self), np.int64)
        for start, piece in zip(self._starts, self._pieces, strict=False):
            found[start : start + len(piece)] = np.fromiter(map(hash, piece.to_pylist()), np.int64)
        return found

    def with_new(self, texts: Sequence[str]) -> Self:
        """The same, and others behind them."""
        before, new = list(self._pieces), list(type(self).of(texts, repeating=self._repeating)._pieces)
        if before and new and len(before[-1]) < SMALL and len(new[0]) < SMALL:
            new[0] = pa.concat_arrays([_plain(before.pop()), _plain(new[0])])
        return type(self)([*before, *new], repeating=self._repeating)

    def with_changed(self, changed: Mapping[int, str]) -> Self:
        """The same, but for those in some rows."""
        pieces = list(self._pieces)
        in_piece: dict[int, dict[int, str]] = {}
        for row, text in changed.items():
            at = bisect_right(self._starts, row) - 1
            in_piece.setdefault(at, {})[row - self._starts[at]] = text
        for at, those in in_piece.items():
            mask = np.zeros(len(pieces[at]), bool)
            mask[list(those)] = True
            new = pa.array([those[row] for row in sorted(those)], pa.string())
            pieces[at] = pc.replace_with_mask(_plain(pieces[at]), pa.array(mask), new)
        return type(self)(pieces, repeating=self._repeating)

    def only(self, stays: NDArray[np.bool_]) -> Self:
        """Those where ``stays`` (N,) says so."""
        pieces = []
        for start, piece in zip(self._starts, self._pieces, strict=False):
            mask = stays[start : start + len(piece)]
            pieces.append(piece if mask.all() else _plain(piece).filter(pa.array(mask)))
        return type(self)(pieces, repeating=self._repeating)

    def in_order(self, order: NDArray[np.int64]) -> Self:
        """(N,) The texts of these rows, one after the other."""
        if not len(self):
            return self
        # Offsets of 64 bits, as all texts together may be longer than two gigabytes.
        whole = pa.concat_arrays([_plain(piece).cast(pa.large_string()) for piece in self._pieces])
        parts = (order[start : start + PIECE] for start in range(0, len(order), PIECE))
        return type(self)(
            (whole.take(pa.array(part)).cast(pa.string()) for part in parts), repeating=self._repeating
        )


class RowOf(Mapping[str, int]):
    """The row of each id: twelve bytes an item. What was added lately stands apart, in a dictionary.

    >>> row_of = RowOf.of(Texts.of(["a", "b"]))
    >>> row_of["b"], "c" in row_of, dict(row_of)
    (1, False, {'a': 0, 'b': 1})
    """

    def __init__(
        self, ids: Texts, hashes: NDArray[np.int64], rows: NDArray[np.uint32], late: dict[str, int]
    ) -> None:
        """``hashes``, ascending, are those of the ids in ``rows``; the others of ``ids`` are in ``late``."""
        self._ids = ids
        self._hashes = hashes
        self._rows = rows
        self._late = late

    @classmethod
    def of(cls, ids: Texts) -> Self:
        """Of these, in which each comes once."""
        hashes = ids.hashes()
        rows = np.argsort(hashes, kind="stable")
        return cls(ids, hashes[rows], rows.astype(np.uint32), {})

    def __getitem__(self, id: str) -> int:
        if (row := self._late.get(id)) is not None:
            return row
        wanted = hash(id)
        for at in range(int(self._hashes.searchsorted(wanted)), len(self._hashes)):
            if self._hashes[at] != wanted:
                break
            if self._ids[row := int(self._rows[at])] == id:
                return row
        raise KeyError(id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def with_new(self, ids: Texts, new: Sequence[str]) -> Self:
        """Of ``ids``, which are the same and ``new`` ones behind them."""
        late = {**self._late, **dict(zip(new, range(len(self), len(self) + len(new)), strict=True))}
        if len(late) <= APART:
            return type(self)(ids, self._hashes, self._rows, late)
        hashes = np.fromiter(map(hash, late), np.int64, len(late))
        rows = np.fromiter(late.values(), np.uint32, len(late))
        order = np.argsort(hashes, kind="stable")
        places = self._hashes.searchsorted(hashes[order])
        return type(self)(
            ids,
            np.insert(self._hashes, places, hashes[order]),
            np.insert(self._rows, places, rows[order]),
            {},
        )

    def only(self, ids: Texts, stays: NDArray[np.bool_]) -> Self:
        """Of ``ids``, which are those where ``stays`` (N,) says so."""
        row_now = np.cumsum(stays, dtype=np.int64) - 1
        here = stays[self._rows]
        late = {id: int(row_now[row]) for id, row in self._late.items() if stays[row]}
        return type(self)(ids, self._hashes[here], row_now[self._rows[here]].astype(np.uint32), late)


def _plain(piece: Any) -> Any:
    """Without a dictionary."""
    return piece.dictionary_decode() if pa.types.is_dictionary(piece.type) else piece


def _packed(piece: Any, repeating: bool) -> Any:
    return piece.dictionary_encode() if repeating and not pa.types.is_dictionary(piece.type) else piece
