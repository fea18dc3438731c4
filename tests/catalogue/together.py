"""What `test_two_processes` starts: two writers of one catalogue's types and verdicts at once.

    python -m tests.catalogue.together FOLDER CHANGES KILLED

Each names types of its own, forgets every third, and judges answers; it says so when all that has returned.
With KILLED not 0 the first is killed when it has said so that many times; the other must not notice.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.forks import Say, fork

from modiste.catalogue.types import NamedTypes
from modiste.recommendation.feedback import Feedback, Verdict


def write(folder: Path, who: str, changes: int, say: Say) -> None:
    types, feedback = NamedTypes(folder, "m", 2), Feedback(folder / "feedback.jsonl", "m")
    for n in range(changes):
        types.put(f"{who}{n:04}", [[0.6, 0.8]], ["x"])
        if n % 3 == 2:
            types.remove(f"{who}{n:04}")
        feedback.add(Verdict(f"{who}{n}", n % 2 == 0))
        assert f"{who}{n - 1:04}" in types.all() or n % 3 == 0, "not seen by who has named it"
        say(str(n + 1))


def main(folder: Path, changes: int, killed: int) -> str:
    folder.mkdir()
    writers = [fork(lambda say, who=who: write(folder, who, changes, say)) for who in "ab"]  # type: ignore[misc]
    if killed:
        for _ in range(killed):
            writers[0][1].readline()
        os.kill(writers[0][0], signal.SIGKILL)
    done = []
    for at, (child, said) in enumerate(writers):
        with said:
            told = said.read().split("\n")
        os.waitpid(child, 0)
        done.append(int(told[-2]) if len(told) > 1 else killed)
        assert done[at] == changes or (killed and at == 0), told[-2:]
    named = set(NamedTypes(folder, "m", 2).all())
    judged = Feedback(folder / "feedback.jsonl", "m").quality()
    expected = {
        f"{who}{n:04}" for who, times in zip("ab", done, strict=True) for n in range(times) if n % 3 < 2
    }
    assert expected <= named, sorted(expected - named)
    under_way = {f"a{done[0]:04}"} if killed else set()  # of the killed one: it may have happened or not
    assert named <= expected | under_way, sorted(named - expected)
    assert judged.answers in (sum(done), sum(done) + bool(killed)), (judged, done)
    assert judged.wrong >= sum(times // 2 for times in done)
    return f"{sum(done)} of {2 * changes}"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), *map(int, sys.argv[2:])) + "\n")
