"""Several members: trained one by one, joined, resumed in the one they were in, and told as one run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.test_loop import PREPROCESS, TINY, Stopper, stripes, weights

from modiste.errors import RecipeError
from modiste.training import train
from modiste.training.members import checkpoint_of, seed_of

THREE = replace(TINY, epochs=4, members=3)
STEPS = 4 * 8


def test_members_are_what_each_seed_alone_gives() -> None:
    examples = stripes()
    together = train(examples, THREE, preprocess=PREPROCESS, seed=1)
    alone = [
        train(examples, replace(THREE, members=1), preprocess=PREPROCESS, seed=seed_of(1, member))
        for member in range(3)
    ]
    pictures = torch.rand(5, 3, 40, 30)
    with torch.inference_mode():
        said = torch.stack([one.network.type_scores(one.network(pictures)) for one in alone])
        answered = together.network.type_scores(together.network(pictures))
    assert together.complete
    assert together.network.config.members == 3
    assert torch.allclose(answered, said.mean(dim=0), atol=1e-4)
    assert not torch.allclose(said[0], said[1], atol=1e-2)


def test_the_history_and_the_progress_run_through_all() -> None:
    told: list[tuple[int, int]] = []
    reported: list[dict[str, float]] = []
    trained = train(
        stripes(),
        THREE,
        preprocess=PREPROCESS,
        progress=lambda done, total, what: told.append((done, total)),
        report=reported.append,
    )
    assert told == [(done, 3 * STEPS) for done in range(1, 3 * STEPS + 1)]
    assert [row["step"] for row in trained.history] == [20, 32, 52, 64, 84, 96]
    assert np.all(np.diff([row["photos"] for row in trained.history]) > 0)
    assert np.all(np.diff([row["seconds"] for row in trained.history]) > 0)
    assert reported == trained.history


@pytest.mark.parametrize("step", [10, STEPS + 5, 2 * STEPS])
def test_a_killed_run_goes_on_in_the_member_it_was_in(tmp_path: Path, step: int) -> None:
    whole = train(stripes(), THREE, preprocess=PREPROCESS)
    state = tmp_path / "state"
    again: list[int] = []
    with pytest.raises(SystemExit):
        train(
            stripes(),
            THREE,
            preprocess=PREPROCESS,
            checkpoint=state,
            checkpoint_seconds=0,
            progress=Stopper(step, SystemExit),
        )
    resumed = train(
        stripes(),
        THREE,
        preprocess=PREPROCESS,
        checkpoint=state,
        resume=True,
        progress=lambda done, total, what: again.append(done),
    )
    assert torch.equal(weights(whole), weights(resumed))
    assert again[0] == step  # its own step was not yet kept
    assert all(checkpoint_of(state, member).exists() for member in range(3))


def test_ctrl_c_keeps_the_members_that_are_done() -> None:
    def members(at: int) -> tuple[int, bool]:
        trained = train(stripes(), THREE, preprocess=PREPROCESS, progress=Stopper(at, KeyboardInterrupt))
        return trained.network.config.members, trained.complete

    assert members(10) == (1, False)
    assert members(STEPS + 10) == (1, False)
    assert members(2 * STEPS + 10) == (2, False)


def test_what_cannot_go_together_is_refused() -> None:
    with pytest.raises(RecipeError, match="members must be at least 1"):
        replace(TINY, members=0)
    with pytest.raises(RecipeError, match="set members to 1"):
        replace(TINY, members=2, features="projection")
