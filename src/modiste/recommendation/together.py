"""Photos that come at the same time go through the network at the same time.

A network takes little longer for eight photos than for two. Whoever asks for one photo's vector while others
are being made waits for those, and then all that have come meanwhile are made at once. Nobody waits for
company: a photo that comes alone is looked at right away.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from modiste.embedding import Encoder
from modiste.preprocessing import Preprocess

__all__ = ["Together"]

MOST = 16


class _Asked:
    """A photo (1, height, width, 3) in line until it is ``taken``, and the vector (1, D) promised for it."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.taken = False
        self.vector: Future[NDArray[np.float32]] = Future()


class Together:
    """An `Encoder` that embeds the single photos of several threads in one go, and otherwise is ``encoder``.

    ``runs`` of it may go on at a time, by default one for every two processors: the others read and write.
    What a network makes of a photo may differ in the last digits with the number of photos it sees at once.
    """

    def __init__(self, encoder: Encoder, runs: int | None = None) -> None:
        self._encoder = encoder
        self._turns = threading.BoundedSemaphore(runs or max(1, (os.cpu_count() or 1) // 2))
        self._waiting: list[_Asked] = []
        self._line = threading.Lock()

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def preprocess(self) -> Preprocess:
        return self._encoder.preprocess

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pixels (N, height, width, 3) → rows of length 1, (N, D); together with others if N is 1."""
        if len(pixels) != 1:
            return self._encoder.embed(pixels)
        mine = _Asked(pixels)
        with self._line:
            self._waiting.append(mine)
        with self._turns:
            while not mine.taken:  # else another thread has made it by now, or is at it
                self._take_some()
        return mine.vector.result()

    def _take_some(self) -> None:
        with self._line:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            for asked in taken:
                asked.taken = True
        try:
            vectors = self._encoder.embed(np.concatenate([asked.pixels for asked in taken]))
        except BaseException as error:
            for asked in taken:
                asked.vector.set_exception(error)
        else:
            for asked, vector in zip(taken, vectors, strict=True):
                asked.vector.set_result(vector[None])
