"""What holds for every request and answer: the host it is meant for, who may write, protecting headers.

The page needs nothing from elsewhere, so the content security policy forbids everything but this server.
There are no cross-origin (CORS) permissions but for origins the operator names. A server that only this
computer may ask also refuses requests that name another host: a web page could otherwise point its own name
at 127.0.0.1 and read the answers (DNS rebinding).

Asking is free; what changes anything on the server is a *write*. A server with a token takes writes from
those who show it (``Authorization: Bearer …``); one without takes them only on this computer. Browsers say on
whose behalf they write (``Origin``), and another site's writes are refused in any case.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modiste.api.problems import problem

__all__ = ["LOOPBACK_HOSTS", "SECURITY_HEADERS", "Guard"]

# Posted because a photo does not fit into an address; nothing changes. /v1/trends is not among them: it is
# the work of up to fifty questions, so not for everybody.
QUESTIONS = ("/v1/recommendations", "/v1/classifications", "/v1/types/recognise")

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

# As they go over the wire.
_SECURITY = {name.lower().encode(): value.encode() for name, value in SECURITY_HEADERS.items()}

_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d+)?", re.IGNORECASE)


class Guard:
    """``allowed_hosts`` are names, in brackets where IPv6 needs them; ``"*"`` allows all.

    ``token`` is what writes must show; if None, writes are taken if only this computer's names are allowed.
    ``allowed_origins`` are other sites whose pages may write, such as ``https://shop.example``; ``"*"``
    allows all of them, but only with a token: any page in the browser could write otherwise.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Collection[str],
        token: str | None = None,
        allowed_origins: Collection[str] = (),
    ) -> None:
        self.app = app
        self.allowed_origins = frozenset(allowed_origins)
        self.allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self.local = self.allowed_hosts <= set(LOOPBACK_HOSTS)
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = [header for header in message.get("headers", ()) if header[0] not in _SECURITY]
                told += _SECURITY.items()
                if not any(name == b"cache-control" for name, _ in told):
                    told.append((b"cache-control", b"no-cache"))
                message["headers"] = told
            await send(message)

        if "*" in self.allowed_hosts or _host(headers) in self.allowed_hosts:
            if refusal := self._refused_write(scope, headers):
                return await refusal(scope, receive, send_guarded)
            return await self.app(scope, receive, send_guarded)
        names = ", ".join(sorted(self.allowed_hosts))
        refusal = problem(421, f"This server answers only as {names}, and the request names another host.")
        await refusal(scope, receive, send_guarded)

    def _refused_write(self, scope: Scope, headers: Headers) -> Response | None:
        """Why this request may not write; None if it may, or only asks."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or (
            scope["method"] == "POST" and scope["path"] in QUESTIONS
        ):
            return None
        origin = headers.get("origin")
        if origin is not None and not self._may_write(origin, headers):
            return problem(403, "Another site's page may not write here.")
        if self.token is not None:
            given = headers.get("authorization", "").encode()
            if hmac.compare_digest(given, f"Bearer {self.token}".encode()):
                return None
            told = "Writing needs the server's token, as “Authorization: Bearer TOKEN”."
            return problem(401, told, {"WWW-Authenticate": "Bearer"})
        if self.local:
            return None
        return problem(403, "This server takes no writes: it was started without a token (MODISTE_TOKEN).")

    def _may_write(self, origin: str, headers: Headers) -> bool:
        if origin in self.allowed_origins or ("*" in self.allowed_origins and self.token is not None):
            return True
        return origin.partition("://")[2].lower() == headers.get("host", "").lower()


def _host(headers: Headers) -> str:
    """The host a request names, without the port; empty if it names none or nonsense.

    >>> _host(Headers({"host": "[::1]:8000"})), _host(Headers({"host": "LocalHost"})), _host(Headers())
    ('[::1]', 'localhost', '')
    """
    match = _HOST_AND_PORT.fullmatch(headers.get("host", ""))
    return match[1].lower() if match else ""
