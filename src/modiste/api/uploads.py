"""Limits on what is sent to the server: how much at a time, how slowly, and by how many at once.

Bytes are counted as they come in, whatever the headers promise, and what exceeds the limit is never kept. It
is listened to for a while all the same: a server that hangs up on a client that is still sending takes its
own answer away with the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modiste.api.problems import problem

__all__ = ["UploadLimits", "promised_bytes"]

# How much of a refused body is still listened to, and for how long.
DISCARDED_BYTES = 100_000_000
DISCARDING_SECONDS = 10.0


class UploadLimits:
    """Requests with a body: at most ``at_once`` at a time, each of at most ``max_bytes`` within ``seconds``.

    ``larger`` are the paths that take more, and how much.

    Answers 413 to too many bytes, 408 to slow ones, and 503 with ``Retry-After`` to too many requests.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        seconds: float,
        at_once: int,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = dict(larger or {})
        self.seconds = seconds
        self.at_once = at_once
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        max_bytes = self.larger.get(scope["path"], self.max_bytes)
        body = _Body(receive, headers, max_bytes, asyncio.get_running_loop().time() + self.seconds)

        async def send_when_heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                await body.discard_rest()
            await send(message)

        if promised_bytes(headers) > max_bytes:
            return await problem(413, body.too_large)(scope, receive, send_when_heard)
        if self._inside >= self.at_once:
            scope.setdefault("state", {})["refused"] = "busy"
            busy = problem(
                503, "Many photos are being looked at; try again in a moment.", {"Retry-After": "2"}
            )
            return await busy(scope, receive, send_when_heard)
        self._inside += 1
        try:
            await self.app(scope, body.receive, send_when_heard)
        finally:
            self._inside -= 1


class _Body:
    """A request's body on its way in."""

    def __init__(self, receive: Receive, headers: Headers, max_bytes: int, deadline: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._deadline = deadline
        self._bytes = 0
        self._ended = False
        # Such a client sends nothing before it is asked to, and reading is the asking.
        self._held_back = headers.get("expect", "").lower() == "100-continue"
        self.too_large = f"At most {max_bytes / 1e6:.0f} MB are read; make the photo smaller."

    async def receive(self) -> Message:
        if self._ended:  # what can still come is that the client leaves
            return await self._receive()
        self._held_back = False
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._next()
        except TimeoutError as error:
            self._ended = True
            raise HTTPException(408, "The photo took too long to arrive; try again.") from error
        if self._bytes > self._max_bytes:
            raise HTTPException(413, self.too_large)
        return message

    async def discard_rest(self) -> None:
        if self._held_back or self._ended:
            return
        with anyio.move_on_after(DISCARDING_SECONDS):
            while not self._ended and self._bytes < DISCARDED_BYTES:
                await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        return message


def promised_bytes(headers: Headers) -> int:
    """``Content-Length``; 0 if there is none or it is no number, for the bytes are counted anyway.

    >>> promised_bytes(Headers({"content-length": "12"})), promised_bytes(Headers({"content-length": "-1"}))
    (12, 0)
    """
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and length.isascii() and len(length) < 20 else 0
