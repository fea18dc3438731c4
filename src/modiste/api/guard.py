"""What holds for every request and answer: the host it is meant for, its name, the headers that protect it.

The page needs nothing from elsewhere, so the content security policy forbids everything but this server.
There are no cross-origin (CORS) permissions. A server that only this computer may ask also refuses requests
that name another host: a web page could otherwise point its own name at 127.0.0.1 and read the answers (DNS
rebinding).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modiste.api.problems import problem

__all__ = ["LOOPBACK_HOSTS", "SECURITY_HEADERS", "Guard"]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d+)?", re.IGNORECASE)
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Guard:
    """The outermost layer. ``allowed_hosts`` are names in brackets where IPv6 needs them; ``"*"`` allows all.

    Answers carry ``X-Request-ID``: the client's own if it sent a decent one, so that logs can be matched.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Collection[str]) -> None:
        self.app = app
        self.allowed_hosts = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(SECURITY_HEADERS)
                answer["X-Request-ID"] = request_id
                answer.setdefault("Cache-Control", "no-cache")
            await send(message)

        if "*" in self.allowed_hosts or _host(headers) in self.allowed_hosts:
            return await self.app(scope, receive, send_guarded)
        names = ", ".join(sorted(self.allowed_hosts))
        refusal = problem(421, f"This server answers only as {names}, and the request names another host.")
        await refusal(scope, receive, send_guarded)


def _host(headers: Headers) -> str:
    """The host a request names, without the port; empty if it names none or nonsense.

    >>> _host(Headers({"host": "[::1]:8000"})), _host(Headers({"host": "LocalHost"})), _host(Headers())
    ('[::1]', 'localhost', '')
    """
    match = _HOST_AND_PORT.fullmatch(headers.get("host", ""))
    return match[1].lower() if match else ""


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex
