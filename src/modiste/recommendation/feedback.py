"""What people say of the answers they were shown, kept for good, and what it says of the promise.

A verdict is one line of JSON, appended to a file and forced to the disk before it counts: whatever has been
acknowledged survives a crash, and a line torn by one is passed over. Several processes may share the file.

The alarm may be looked at after every verdict, so it is no test made for one look. It is the likelihood of
what was seen, averaged over all errors above the promised one, against its likelihood at exactly that one. If
the promise is kept, this ratio ever reaches 20 with a chance of at most 1 in 20 (Ville's inequality), however
long one watches. Source: A. Ramdas et al., "Game-Theoretic Statistics and Safe Anytime-Valid Inference",
2023, https://arxiv.org/abs/2210.01948.

Who answers is not drawn at random: if the disappointed speak up more often, the error looks too high.
"""

from __future__ import annotations

import json
import math
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from modiste.recommendation.guarantee import clopper_pearson

__all__ = ["Feedback", "Quality", "Verdict", "evidence_against"]

ALARM = 20.0
INTERVAL = 0.95
ENOUGH_WRONG = 3  # items of an answer: when all it showed are wrong, so is the answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """That an answer, or one ``item`` of it, was ``right``. ``answer`` is the id the answer came with."""

    answer: str
    right: bool
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """``wrong`` of ``answers`` with a verdict, and the 95 % interval of the error that goes with it.

    ``evidence`` ≥ 0 speaks against the promise of at most ``max_error``: 1 for nothing known, above
    `ALARM` for ``broken``. Without a promise both are None and False.
    """

    answers: int
    wrong: int
    interval: tuple[float, float]
    max_error: float | None
    evidence: float | None

    @property
    def error(self) -> float | None:
        return self.wrong / self.answers if self.answers else None

    @property
    def broken(self) -> bool:
        return self.evidence is not None and self.evidence >= ALARM


class Feedback:
    """Verdicts in ``file``, about answers given ``under`` one model and threshold; others are not counted.

    ``max_error`` is what was promised, if anything was. May be used from several threads and processes.
    """

    def __init__(self, file: str | Path, under: str, max_error: float | None = None) -> None:
        self.file = Path(file)
        self.under = under
        self.max_error = max_error
        self._read = 0
        self._said: dict[str, dict[str | None, bool]] = {}
        self._here = threading.Lock()

    def __reduce__(self) -> tuple[type[Feedback], tuple[Path, str, float | None]]:
        """Another process gets its own view of the same file."""
        return Feedback, (self.file, self.under, self.max_error)

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict; a later one on the same answer and item replaces it. ``OSError`` if it cannot."""
        line = json.dumps(
            {"under": self.under, "answer": verdict.answer, "item": verdict.item, "right": verdict.right}
        ).encode()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self._here, FileLock(f"{self.file}.lock"), self.file.open("a+b") as kept:
            end = kept.seek(0, os.SEEK_END)
            if end and os.pread(kept.fileno(), 1, end - 1) != b"\n":
                line = b"\n" + line  # so that what a crash tore spoils no more than itself
            kept.write(line + b"\n")
            kept.flush()
            os.fsync(kept.fileno())

    def quality(self) -> Quality:
        """What all verdicts so far come to, those of other processes too."""
        with self._here:
            self._catch_up()
            judged = [right for said in self._said.values() if (right := _answer_is_right(said)) is not None]
        answers, wrong = len(judged), judged.count(False)
        return Quality(
            answers,
            wrong,
            clopper_pearson(wrong, answers, INTERVAL),
            self.max_error,
            None if self.max_error is None else evidence_against(self.max_error, wrong, answers),
        )

    def _catch_up(self) -> None:
        """Read the lines that have come since the last time; one without an end is not there yet."""
        try:
            with self.file.open("rb") as kept:
                kept.seek(self._read)
                new = kept.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                said = json.loads(line)
                if said["under"] == self.under:
                    self._said.setdefault(said["answer"], {})[said["item"]] = bool(said["right"])
            except (ValueError, KeyError, TypeError, RecursionError):  # torn, or not written by us
                continue


def evidence_against(max_error: float, wrong: int, answers: int) -> float:
    """How much likelier ``wrong`` of ``answers`` is at errors above ``max_error``, in (0, 1), than at it.

    The mean of the likelihood over errors spread evenly between ``max_error`` and 1, over that at
    ``max_error``.

    >>> evidence_against(0.05, 0, 0), evidence_against(0.05, 0, 50) < 1, evidence_against(0.05, 12, 50) > 20
    (1.0, True, True)
    """
    from scipy.special import betaincc, betaln

    right = answers - wrong
    above = float(betaincc(wrong + 1, right + 1, max_error))
    if not above:
        return 0.0
    likelihood = float(betaln(wrong + 1, right + 1)) + math.log(above) - math.log1p(-max_error)
    at_most = wrong * math.log(max_error) + right * math.log1p(-max_error)
    return math.exp(min(700.0, likelihood - at_most))


def _answer_is_right(said: dict[str | None, bool]) -> bool | None:
    """One right item is enough; None while too few of the items have been judged."""
    if None in said:
        return said[None]
    if any(said.values()):
        return True
    return False if len(said) >= ENOUGH_WRONG else None
