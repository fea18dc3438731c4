"""What several threads ask at the same time is answered at the same time.

A network takes less time for eight photos at once than for eight one by one, and so does a search. Whoever
asks while others are being answered waits for those, and then all that has been asked meanwhile is answered
in one go. Nobody waits for company: what is asked alone is answered right away.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Together"]

MOST = 16

Question = TypeVar("Question")
Reply = TypeVar("Reply")


class _Asked(Generic[Question, Reply]):
    """A question in line until it is ``taken``, and the reply promised for it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.taken = False
        self.reply: Future[Reply] = Future()


class Together(Generic[Question, Reply]):
    """Has ``answer`` reply to the questions of several threads in one go: a list of them, a reply for each.

    ``runs`` of it may go on at a time, by default one for every two processors: the others read and write.
    An error is everybody's whose question was there.

    >>> squares = Together(lambda numbers: [number**2 for number in numbers])
    >>> squares.ask(3)
    9
    """

    def __init__(self, answer: Callable[[list[Question]], Sequence[Reply]], runs: int | None = None) -> None:
        self._answer = answer
        self._turns = threading.BoundedSemaphore(runs or max(1, (os.cpu_count() or 1) // 2))
        self._waiting: list[_Asked[Question, Reply]] = []
        self._line = threading.Lock()

    def ask(self, question: Question) -> Reply:
        """The reply to one question, found together with those of others."""
        mine: _Asked[Question, Reply] = _Asked(question)
        with self._line:
            self._waiting.append(mine)
        with self._turns:
            while not mine.taken:  # else another thread has answered it by now, or is at it
                self._take_some()
        return mine.reply.result()

    def _take_some(self) -> None:
        with self._line:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            for asked in taken:
                asked.taken = True
        try:
            replies = self._answer([asked.question for asked in taken])
        except BaseException as error:
            for asked in taken:
                asked.reply.set_exception(error)
        else:
            for asked, reply in zip(taken, replies, strict=True):
                asked.reply.set_result(reply)
