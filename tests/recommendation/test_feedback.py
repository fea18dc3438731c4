"""Verdicts survive what may happen to a file, and the alarm keeps its word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from modiste.recommendation.feedback import ALARM, Feedback, Verdict, evidence_against


def test_an_answer_is_right_if_one_item_is(tmp_path: Path) -> None:
    kept = Feedback(tmp_path / "said.jsonl", "model@0.8", 0.05)
    assert kept.quality().answers == 0
    assert kept.quality().error is None
    assert kept.quality().interval == (0.0, 1.0)
    for item, right in (("a", False), ("b", False)):
        kept.add(Verdict("1", right, item))
    assert kept.quality().answers == 0  # the third may yet be right
    kept.add(Verdict("1", False, "c"))
    kept.add(Verdict("2", False, "a"))
    kept.add(Verdict("2", True, "b"))
    kept.add(Verdict("3", False))
    found = kept.quality()
    assert (found.answers, found.wrong, found.error) == (3, 2, pytest.approx(2 / 3))
    kept.add(Verdict("3", True))  # on second thoughts
    assert kept.quality().wrong == 1


def test_it_is_read_again_and_by_others(tmp_path: Path) -> None:
    file = tmp_path / "shop" / "said.jsonl"
    one, other = Feedback(file, "m@0.8"), Feedback(file, "m@0.8")
    one.add(Verdict("ü\n", False))
    assert other.quality().wrong == 1
    other.add(Verdict("2", True))
    assert one.quality().answers == Feedback(file, "m@0.8").quality().answers == 2
    assert Feedback(file, "m@0.9").quality().answers == 0  # another promise
    assert one.quality().evidence is None
    assert not one.quality().broken


def test_a_torn_line_spoils_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    Feedback(file, "m").add(Verdict("1", True))
    with file.open("ab") as torn:
        torn.write(b'{"under": "m", "answer": "2", "it')
    kept = Feedback(file, "m")
    assert kept.quality().answers == 1
    kept.add(Verdict("3", False))
    assert (kept.quality().answers, kept.quality().wrong) == (2, 1)
    file.write_bytes(file.read_bytes() + b"[]\nnull\n\xff\n")
    assert Feedback(file, "m").quality().answers == 2


def test_threads_lose_nothing(tmp_path: Path) -> None:
    kept = Feedback(tmp_path / "said.jsonl", "m")

    def say(start: int) -> None:
        for number in range(start, start + 10):
            kept.add(Verdict(str(number), True))

    threads = [threading.Thread(target=say, args=(10 * at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.quality().answers == 40


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    program = (
        "from modiste.recommendation.feedback import Feedback, Verdict\n"
        f"kept, number = Feedback({str(file)!r}, 'm'), 0\n"
        "while True:\n"
        "    kept.add(Verdict(str(number), True)); print(number, flush=True); number += 1\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for line in writer.stdout:
        if line.strip() == "20":
            break
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged = 21 + len(writer.stdout.read().split())
    writer.wait()
    writer.stdout.close()
    kept = Feedback(file, "m")
    assert kept.quality().answers in (acknowledged, acknowledged + 1)
    kept.add(Verdict("after", False))
    assert kept.quality().wrong == 1


def test_the_alarm_is_rarely_false_however_often_one_looks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wrong = np.cumsum(rng.random((500, 300)) < 0.05, axis=1)
    known = {
        (answers, count): evidence_against(0.05, count, answers) >= ALARM
        for answers in range(1, 301)
        for count in np.unique(wrong[:, answers - 1]).tolist()
    }
    alarms = [any(known[at + 1, int(count)] for at, count in enumerate(path)) for path in wrong]
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)
    assert evidence_against(0.05, 30, 200) > ALARM  # 15 % where 5 % were promised
    assert evidence_against(0.05, 10_000, 10_000) > ALARM


def test_evidence_is_the_mean_likelihood_ratio() -> None:
    errors = np.linspace(0.1, 1, 200_001)
    ratios = (errors / 0.1) ** 7 * ((1 - errors) / 0.9) ** 33
    assert evidence_against(0.1, 7, 40) == pytest.approx(ratios.mean(), rel=1e-3)


def test_a_broken_promise_shows(tmp_path: Path) -> None:
    kept = Feedback(tmp_path / "said.jsonl", "m", 0.05)
    for number in range(12):
        kept.add(Verdict(str(number), number >= 6))
    found = kept.quality()
    assert found.broken
    assert found.interval[0] > 0.05
