"""``/v1/catalogue/versions`` and ``/v1/catalogue/undo``: what the catalogue was, and back to it.

Undoing twice goes forward again, so a client that asks again because no answer came must not be obeyed
twice. It sends the same ``Idempotency-Key`` and gets the first answer again. Keys are kept beside the
catalogue for a day, under the same lock as its writes: a key counts whichever worker it reaches. Only a crash
between the undoing and the keeping of its key, milliseconds later, loses one. Source:
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, HTTPException

from modiste.api.items import told_as_503
from modiste.api.problems import problem_responses
from modiste.api.schemas import CatalogueVersion, CatalogueVersions, Undo
from modiste.errors import CatalogueError, ModelMismatch

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue, Version

__all__ = ["version_routes"]

KEYS = "idempotency.json"
SECONDS_KEPT = 24 * 3600.0
MOST_KEPT = 1000

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Any text of your own. The same one again, within a day, gets the first answer again.",
    ),
]


def version_routes(catalogue: Catalogue) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["catalogue"])

    @routes.get("/v1/catalogue/versions", responses=problem_responses(503))
    def versions() -> CatalogueVersions:
        """The states one can go back to: every change makes one, kept for 30 days."""
        with told_as_503():
            history = catalogue.history()
        return CatalogueVersions(versions=[_told(state) for state in history])

    @routes.post("/v1/catalogue/undo", responses=problem_responses(400, 401, 403, 408, 409, 413, 422, 503))
    def undo(undo: Undo | None = None, idempotency_key: IdempotencyKey = None) -> CatalogueVersion:
        """Go back to how the catalogue was before its last change, or to any version. Twice: forward again.

        Answers with the version that is the present one again.
        """
        to = None if undo is None else undo.to
        with told_as_503(), catalogue.writing():
            keys = _Keys(catalogue.folder / KEYS)
            if (before := keys.answer(idempotency_key, to)) is not None:
                return CatalogueVersion.model_validate(before)
            try:
                state = catalogue.undo(to, same_model=True)
            except ModelMismatch as error:
                raise HTTPException(
                    409, "That version is another model's; go back with modiste catalogue undo."
                ) from error
            except CatalogueError as error:
                if error.__cause__ is not None:  # the disk's fault
                    raise
                raise HTTPException(
                    409, "There is nothing to go back to; /v1/catalogue/versions lists what there is."
                ) from error
            answer = _told(state)
            keys.keep(idempotency_key, to, answer.model_dump(mode="json"))
        return answer

    return routes


def _told(state: Version) -> CatalogueVersion:
    # LanceDB tells local time, without saying so; programs elsewhere need the zone.
    return CatalogueVersion(version=state.number, written=state.written.astimezone(UTC), items=state.items)


class _Keys:
    """Idempotency keys in a file, read and written by whoever holds the catalogue's lock."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            kept = json.loads(file.read_bytes())
            self._kept = {key: said for key, said in kept.items() if said["at"] > time.time() - SECONDS_KEPT}
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            self._kept = {}

    def answer(self, key: str | None, asked: Any) -> Any:
        """What was answered to this key; None if it is new. A problem 422 if something else was asked."""
        if key is None or (said := self._kept.get(_digest(key))) is None:
            return None
        if said["asked"] != asked:
            raise HTTPException(422, "This Idempotency-Key was sent with another request; make a new one.")
        return said["answer"]

    def keep(self, key: str | None, asked: Any, answer: Any) -> None:
        if key is None:
            return
        self._kept[_digest(key)] = {"at": time.time(), "asked": asked, "answer": answer}
        newest = dict(sorted(self._kept.items(), key=lambda entry: -entry[1]["at"])[:MOST_KEPT])
        beside = self.file.with_suffix(".new")
        with beside.open("w") as file:
            json.dump(newest, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.file)


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
