"""The search itself: draw a variation, train it, keep the score, and so on.

Everything lies in one folder::

    journal.log    Optuna's record of every trial; what a killed search goes on from
    study.json     the same for programs, after every trial
    recipe.json    the best recipe so far: modiste train --recipe FOLDER/recipe.json
    study.png      the same for people

Variations are drawn by a tree-structured Parzen estimator (J. Bergstra et al., "Algorithms for
Hyper-Parameter Optimization", NeurIPS 2011), as Optuna has it. It is seeded anew before each trial, from the
search's seed and the number of trials done: so a search that was killed draws what it would have drawn.
Trials are not cut short: the training loop has no score before its end that could tell which to cut.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from modiste.datasets import Labels, read_splits
from modiste.errors import ModisteError, RecipeError
from modiste.learn import fingerprint, preprocess_of, read_examples
from modiste.progress import Progress, silent
from modiste.training import Examples, Recipe, open_recipe, write_recipe
from modiste.tune.picture import draw_study
from modiste.tune.results import Study, Trial
from modiste.tune.score import Score, score_recipe
from modiste.tune.space import Space, choose_space, distributions, drawn, vary

if TYPE_CHECKING:
    from optuna.study import Study as OptunaStudy
    from optuna.trial import Trial as OptunaTrial

__all__ = ["search", "tune"]

JOURNAL = "journal.log"
FACTS = "facts"
UNFINISHED = ".unfinished"  # what a killed trial goes on from
STEPS = 1000  # of the progress bar, for each trial


def tune(
    data: Sequence[str | Path],
    splits: str | Path,
    recipe: str | Path | Recipe,
    *,
    trials: int,
    folder: str | Path,
    seed: int = 0,
    only: Collection[str] = (),
    progress: Progress = silent,
) -> Study:
    """Search on the photos of ``splits/train.csv`` found in ``data``; otherwise as :func:`search`.

    ``recipe`` is where the search begins: a `modiste.training.Recipe`, the name of one, or a JSON file of its
    fields. ``only`` are the fields to vary, of `modiste.tune.SPACE`; none means all that matter to it.
    """
    recipe = recipe if isinstance(recipe, Recipe) else open_recipe(recipe)
    space = choose_space(recipe, only)
    _check_place(Path(folder))
    _need_optuna()  # what is missing is said before the photos are read
    split = read_splits(splits).train
    labels, preprocess = Labels.of(split), preprocess_of(recipe)
    examples, _ = read_examples(data, split, labels, preprocess, recipe, seed=seed, progress=progress)
    return search(
        examples,
        recipe,
        trials=trials,
        folder=folder,
        space=space,
        seed=seed,
        data=fingerprint(split, labels),
        progress=progress,
    )


def search(
    examples: Examples,
    recipe: Recipe,
    *,
    trials: int,
    folder: str | Path,
    space: Space | None = None,
    seed: int = 0,
    data: str = "",
    progress: Progress = silent,
) -> Study:
    """Search until the folder has ``trials`` trials; those it has already count.

    The first trial is the recipe itself, or as near to it as the space allows. Ctrl-C ends the search with
    what there is; the same call goes on from there, also after a kill, and finds what an uninterrupted one
    finds. ``space`` is all that matters to the recipe if not given; ``data`` is a fingerprint of the photos.

    Raises `RecipeError` if the folder holds a search of another recipe, space, seed or data, `DataError` if
    there are too few types or photos, and `ModisteError` if the folder holds something else or is in use, or
    if Optuna is not installed.
    """
    folder = Path(folder)
    _check_place(folder)
    _need_optuna()
    preprocess = preprocess_of(recipe)
    space = choose_space(recipe) if space is None else space
    facts = {
        "recipe": recipe.as_dict(),
        "space": {name: asdict(row) for name, row in space.items()},
        "seed": seed,
        "photos": len(examples),
        "data": data,
    }

    def so_far(complete: bool) -> Study:
        done = tuple(_trials(study, space))
        return Study(recipe, space, seed, len(examples), data, done, complete)

    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        study = _open_study(folder, facts)
        found = so_far(complete=False)
        try:
            while (number := len(found.trials)) < trials:
                draws = _draw(study, recipe, space, seed=seed, number=number)
                best = f", best {found.trials[found.best].score.mean:.3f}" if number else ""

                def count(done: int, total: int, what: str, number: int = number, best: str = best) -> None:
                    parts = STEPS * number + STEPS * done // total
                    progress(parts, STEPS * trials, f"searching, trial {number}{best}")

                score = score_recipe(
                    examples,
                    vary(recipe, draws.params, space),
                    seed=seed,
                    preprocess=preprocess,
                    checkpoints=folder / UNFINISHED,
                    progress=count,
                )
                if score is None:
                    break
                for name, value in asdict(score).items():
                    draws.set_user_attr(name, value)
                study.tell(draws, score.mean)
                shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
                found = so_far(complete=False)
                _write(found, folder)
        except KeyboardInterrupt:
            pass  # what is there is kept, and returned as incomplete
        found = so_far(complete=len(found.trials) >= trials)
        _write(found, folder)
        if found.trials:
            beside = folder / ".study.png.unfinished"
            beside.write_bytes(draw_study(found))
            beside.replace(folder / "study.png")
    return found


def _draw(study: OptunaStudy, recipe: Recipe, space: Space, *, seed: int, number: int) -> OptunaTrial:
    """The next variation; nothing but the seed and the finished trials decides what it is."""
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    state = np.random.SeedSequence([seed, number]).generate_state(1)
    study.sampler = TPESampler(seed=int(state[0]))
    if number == 0 and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.enqueue_trial(drawn(recipe, space))
    return study.ask(distributions(space))


def _trials(study: OptunaStudy, space: Space) -> Iterator[Trial]:
    """The finished ones, in order."""
    for trial in study.get_trials(deepcopy=False):
        if trial.state.name == "COMPLETE":
            score = Score(**{name: trial.user_attrs[name] for name in ("known", "unseen", "seconds")})
            yield Trial({name: trial.params[name] for name in space}, score)


def _open_study(folder: Path, facts: dict[str, Any]) -> OptunaStudy:
    """The folder's study, begun if there is none; what a kill left unfinished in it is put right."""
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalStorage
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal = folder / JOURNAL
    if journal.exists():
        whole, _, torn = journal.read_bytes().rpartition(b"\n")
        if torn:
            journal.write_bytes(whole + b"\n" if whole else b"")
    storage = JournalStorage(JournalFileBackend(str(journal), JournalFileOpenLock(str(journal))))
    study = optuna.create_study(
        storage=storage, study_name="modiste", direction="maximize", load_if_exists=True
    )
    wanted = json.loads(json.dumps(facts))
    before = study.user_attrs.get(FACTS)
    if before is None:
        study.set_user_attr(FACTS, wanted)
    elif before != wanted:
        other = " and ".join(name for name in wanted if wanted[name] != before.get(name))
        raise RecipeError(
            f"{folder}: holds a search with another {other}; choose another folder for this one"
        )
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)  # it is drawn again
    return study


def _write(found: Study, folder: Path) -> None:
    """The results for programs; each file whole or not at all."""
    beside = folder / ".study.json.unfinished"
    beside.write_text(json.dumps(found.as_dict(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    beside.replace(folder / "study.json")
    if found.trials:
        write_recipe(found.best_recipe, folder / "recipe.json")


def _check_place(folder: Path) -> None:
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / JOURNAL).exists()):
        raise ModisteError(f"{folder} exists and holds no search; choose another folder")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise ModisteError(f"{folder}: another search is at work in it; wait for it to end") from error


def _need_optuna() -> None:
    try:
        import optuna  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ModisteError(f"a search needs Optuna ({error}); pip install 'modiste[tune]'") from error
