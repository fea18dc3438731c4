"""Errors as ``application/problem+json`` (RFC 9457): a status, its name, and one sentence that helps."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from modiste.api.schemas import Problem

__all__ = ["REQUEST_ID", "problem", "problem_responses"]

MEDIA_TYPE = "application/problem+json"

# The request that is being answered, in whatever thread: problems and log lines name it.
REQUEST_ID: ContextVar[str | None] = ContextVar("REQUEST_ID", default=None)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says what went wrong.

    >>> problem(404, "No such item.").body
    b'{"type":"about:blank","title":"Not Found","status":404,"detail":"No such item."}'
    """
    told = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=REQUEST_ID.get(),
    )
    return JSONResponse(told.model_dump(exclude_none=True), status, headers, media_type=MEDIA_TYPE)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses for a route's ``responses``, so that /docs lists them.

    >>> problem_responses(413)[413]["content"].keys()
    dict_keys(['application/problem+json'])
    """
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}
