from __future__ import annotations

import numpy as np
import pytest

from modiste.datasets import Split, leave_one_group_out
from modiste.errors import DataError

TYPES = np.array([0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 2, 2])
GROUPS = ("A", "A", "B", "A", "A", "B", "B", "B", "", "C", "C", "B")
IDS = tuple(f"photo-{at}" for at in range(len(TYPES)))
SPLIT = Split(IDS, TYPES, tuple("xyz"[t] for t in TYPES), TYPES, tuple("xyz"[t] for t in TYPES))
GROUP_OF = {photo: group for photo, group in zip(IDS, GROUPS, strict=True) if group}


def test_no_photo_of_the_group_is_learned_from() -> None:
    found = dict(leave_one_group_out(SPLIT, GROUP_OF))
    assert list(found) == ["A", "B"], "C has one photo of each type: nothing to test"
    for name, splits in found.items():
        assert {GROUP_OF[photo] for photo in splits.train.ids} == {"A", "B", "C"} - {name}
        mine = [*splits.main_support.ids, *splits.main_test.ids]
        assert sorted(mine) == sorted(photo for photo in IDS if GROUP_OF.get(photo) == name)
        assert set(splits.main_test.type_ids) <= set(splits.main_support.type_ids)
        assert IDS[8] not in {*mine, *splits.train.ids}, "its group is not known"
    assert found["A"].main_test.type_names == tuple("xyz"[t] for t in found["A"].main_test.type_ids)


def test_small_groups_are_only_learned_from() -> None:
    assert [name for name, _ in leave_one_group_out(SPLIT, GROUP_OF, at_least=5)] == ["B"]


def test_one_group_cannot_be_left_out() -> None:
    with pytest.raises(DataError, match="two groups or more"):
        next(leave_one_group_out(SPLIT, dict.fromkeys(IDS, "A")))
