"""The outermost layer: every request gets a name, a line in the log, and is counted."""

from __future__ import annotations

import logging
import re
import time
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modiste.api.metrics import Metrics
from modiste.api.problems import REQUEST_ID

__all__ = ["Telemetry"]

_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
# The client left before it was answered (nginx's number for it).
_LEFT = 499
# What a status says of a refused body, where nobody has said it more exactly.
_REFUSED = {408: "too slow", 413: "too large"}
MOST_LOGGED = 200

_log = logging.getLogger(__name__)


class Telemetry:
    """Answers carry ``X-Request-ID``: the client's own if it sent a decent one, so that logs can be matched.

    Layers further in may say why they refused a body, as ``scope["state"]["refused"]``.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        REQUEST_ID.set(request_id)  # for this request's task alone
        began = ended = time.perf_counter()
        status, sent = _LEFT, 0

        async def send_named(message: Message) -> None:
            nonlocal status, sent, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)
            sent += len(message.get("body", b""))
            ended = time.perf_counter()  # what is tidied up after the answer is nobody's waiting time

        try:
            await self.app(scope, receive, send_named)
        except BaseException:
            status = 500
            raise
        finally:
            self._tell(scope, status, max(ended - began, 0.0) or time.perf_counter() - began, sent)

    def _tell(self, scope: Scope, status: int, seconds: float, sent: int) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.answered(scope["method"], route, status, seconds)
        if refused := scope["state"].get("refused") or _REFUSED.get(status):
            self.metrics.refused(refused)
        if _log.isEnabledFor(logging.INFO):
            path = quote(scope["path"])[:MOST_LOGGED]
            method = quote(scope["method"])[:16]
            fields: dict[str, Any] = {
                "method": method,
                "path": path,
                "route": route,
                "status": status,
                "milliseconds": round(1000 * seconds, 1),
                "bytes_sent": sent,
            }
            _log.info("%s %s %d %.1f ms", method, path, status, 1000 * seconds, extra={"fields": fields})


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex
