"""Style changes the order among items that are about equally similar, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.catalogue import Neighbours
from modiste.recommendation.style import choose_pull, in_style

RED, BLUE = [1.0, 0.0], [0.0, 1.0]


def test_it_is_what_a_loop_says() -> None:
    rng = np.random.default_rng(0)
    styles = np.abs(rng.standard_normal((30, 4)))
    styles /= np.linalg.norm(styles, axis=1, keepdims=True)
    rows = np.stack([rng.permutation(20)[:8] for _ in range(10)])
    similarities = -np.sort(-rng.random((10, 8)), axis=1).astype(np.float32)
    rows[3, 6:], similarities[3, 6:] = -1, -np.inf
    found = in_style(Neighbours(rows, similarities), styles[20:], styles[:20], pull=0.3)
    for query in range(10):
        merit = {
            row: similarity + 0.3 * float(styles[20 + query] @ styles[row])
            for row, similarity in zip(rows[query], similarities[query], strict=True)
            if row >= 0
        }
        best = sorted(merit, key=merit.get, reverse=True)
        assert found.rows[query].tolist() == best + [-1] * (8 - len(best))
        assert dict(zip(found.rows[query], found.similarities[query], strict=True)) == dict(
            zip(rows[query], similarities[query], strict=True)
        )


def test_no_pull_changes_nothing_and_misfits_are_refused() -> None:
    found = Neighbours(np.array([[0, 1, 2]]), np.array([[0.9, 0.9, 0.1]], np.float32))
    assert in_style(found, [RED], [BLUE, RED, RED], pull=0.0).rows.tolist() == [[0, 1, 2]]
    with pytest.raises(ValueError, match="at least 0; got -1"):
        in_style(found, [RED], [BLUE, RED, RED], pull=-1)
    with pytest.raises(ValueError, match=r"styles \(1, S\) and \(N, S\)"):
        in_style(found, [RED, RED], [BLUE, RED, RED], pull=0.1)


def test_as_much_pull_as_types_allow() -> None:
    """Items 0-2 are of the type but blue, 3-5 of it and red, 6-8 red but of another type and less similar."""
    items = np.array([BLUE] * 3 + [RED] * 6)
    types = np.array([1] * 6 + [2] * 3)
    codes = np.array([[0]] * 3 + [[1]] * 6)
    similarities = np.array([[0.9] * 3 + [0.86] * 3 + [0.72] * 3], np.float32)
    one = Neighbours(np.arange(9)[None], similarities)
    asked = (np.array([RED]), items, np.array([1]), types, np.array([[1]]), codes)
    assert choose_pull(one, *asked) == 0.05  # enough for all three to be red; the first such
    # Without red items of its type, only what is of the wrong type could be gained: nothing is.
    none_red = (np.array([RED]), np.array([BLUE] * 6 + [RED] * 3), np.array([1]), types)
    blue_codes = np.array([[0]] * 6 + [[1]] * 3)
    assert choose_pull(one, *none_red, np.array([[1]]), blue_codes) == 0.0
    assert choose_pull(one, *none_red, np.array([[-1]]), blue_codes) == 0.0  # nothing known: nothing to gain
