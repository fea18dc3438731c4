"""A running server follows its catalogue: what other processes write is served soon after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from anyio import to_thread

from modiste.errors import ModisteError

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue

__all__ = ["following"]

# Looking costs microseconds while nothing has changed.
SECONDS_BETWEEN_LOOKS = 1.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def following(
    catalogue: Catalogue, seconds: float | None = None, looked: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Within it, ``catalogue`` is refreshed every ``seconds``, in a thread: no request waits for it.

    ``looked`` is called at the start and after every look.

    What cannot be taken over (damage, another model's vectors) is logged once, and what was there before goes
    on being served.
    """
    seconds = SECONDS_BETWEEN_LOOKS if seconds is None else seconds
    task = asyncio.create_task(_follow(catalogue, seconds, looked))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(catalogue: Catalogue, seconds: float, looked: Callable[[], None]) -> None:
    last = ""
    while True:
        looked()
        await asyncio.sleep(seconds)
        try:
            if await to_thread.run_sync(catalogue.refresh):
                _log.info("catalogue at version %d, %d items", catalogue.version, len(catalogue))
            last = ""
        except (ModisteError, OSError) as error:
            if str(error) != last:
                _log.warning("serving the catalogue as it was: %s", error)
            last = str(error)
