"""A model that is replaced is there at every moment, whole: for readers meanwhile, and after kill -9."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.test_model_folder import save

from modiste import model_card, whole_folder
from modiste.errors import ModelError
from modiste.model_folder import load_model
from modiste.whole_folder import put_in_place

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize(
    ("how", "kills"),
    [
        ("at-once", 20),
        ("aside", 20),
        pytest.param("at-once", 60, marks=pytest.mark.slow),
        pytest.param("aside", 60, marks=pytest.mark.slow),
    ],
)
def test_a_whole_model_is_there_at_every_moment(how: str, kills: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.replaced", how, str(tmp_path / "place" / "model"), str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    said = re.fullmatch(
        rf"{kills} kills, \d+ left something, (\d+) models, (\d+) loaded meanwhile\n", done.stdout
    )  # how many kills leave something beside the model is chance, and may be none
    assert said, done.stdout
    assert min(map(int, said.groups())) > 0, done.stdout


def test_a_model_that_was_moved_aside_comes_back(tmp_path: Path) -> None:
    saved = save(tmp_path / "model")
    save(tmp_path / "els-model", seed=1)
    (tmp_path / "model").rename(tmp_path / ".old-abcdefgh-model")
    with pytest.raises(ModelError, match="neither a model folder"):
        load_model(tmp_path / "odel")  # another's is not taken
    assert load_model(tmp_path / "model").id == saved.id
    (tmp_path / "model").rename(tmp_path / ".old-abcdefgh-model")
    (tmp_path / ".new-abcdefgh-model").mkdir()
    (tmp_path / ".new-abcdefgh-els-model").mkdir()
    assert save(tmp_path / "model", seed=2).id != saved.id
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".new-abcdefgh-els-model",
        "els-model",
        "model",
    ]


def test_a_model_replaced_twice_while_it_is_looked_for_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save(tmp_path / "model")
    (tmp_path / "model").rename(tmp_path / "aside")
    looks = []

    def restore(folder: Path) -> None:  # by then a writer is done, and the next one has moved it aside again
        looks.append(folder)
        if len(looks) == 2:
            (tmp_path / "aside").rename(folder)

    monkeypatch.setattr(model_card, "restore", restore)
    assert load_model(tmp_path / "model").id == saved.id
    assert len(looks) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_what_cannot_take_its_place_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    saved = save(tmp_path / "model")

    def impossible(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if at_once:
            patch.setattr(whole_folder, "_to_disk", impossible)
        else:
            patch.setattr(whole_folder, "_exchange_at_once", impossible)
            rename = Path.rename
            patch.setattr(
                Path,
                "rename",
                lambda path, to: impossible() if path.name.startswith(".new-") else rename(path, to),
            )
        with pytest.raises(OSError, match="No space"):
            save(tmp_path / "model", seed=1)
    assert load_model(tmp_path / "model").id == saved.id
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_link_to_a_model_stays_a_link(tmp_path: Path) -> None:
    save(tmp_path / "disk" / "model")
    (tmp_path / "model").symlink_to(tmp_path / "disk" / "model")
    again = save(tmp_path / "model", seed=1)
    assert (tmp_path / "model").is_symlink()
    assert load_model(tmp_path / "disk" / "model").id == again.id


def test_writers_that_cannot_lock_leave_what_may_be_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locks_are_unknown(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("fcntl.flock", locks_are_unknown)
    (tmp_path / ".new-abcdefgh-model").mkdir()
    with put_in_place(tmp_path / "model") as new:
        (new / "card").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new-abcdefgh-model", "model"]
