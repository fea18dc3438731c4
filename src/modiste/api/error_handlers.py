"""Exceptions → problems.

What a client sent is never repeated to it, so nothing it sends can break an answer.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modiste.api.guard import SECURITY_HEADERS
from modiste.api.problems import problem
from modiste.errors import PhotoError

__all__ = ["add_error_handlers"]

# What the router has to say about an address, in words that lead on.
_ROUTING = {
    404: "There is nothing at this address; /docs lists what there is.",
    405: "This address does not take this method; /docs lists what it takes.",
}
_PHOTO_EXPECTED = "Send one photo as the file field “photo” of a form (multipart/form-data)."


def add_error_handlers(app: FastAPI) -> None:
    """Have every error of ``app`` answered with a problem."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        by_router = error.detail == HTTPStatus(error.status_code).phrase
        detail = _ROUTING.get(error.status_code, error.detail) if by_router else error.detail
        return problem(error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def misspelled(request: Request, error: RequestValidationError) -> Response:
        return problem(422, " ".join(_sentences(error)))

    @app.exception_handler(PhotoError)
    async def no_photo(request: Request, error: PhotoError) -> Response:
        request.state.refused = "no photo"
        text = str(error)
        return problem(422, f"{text[:1].upper()}{text[1:]}.")

    @app.exception_handler(Exception)
    async def crashed(request: Request, error: Exception) -> Response:
        """Our fault, and logged as such. No other layer sees this answer, hence the headers."""
        detail = "Something went wrong in the server, not in your request; the server's log has the cause."
        return problem(500, detail, {**SECURITY_HEADERS, "X-Request-ID": request.state.request_id})


def _sentences(error: RequestValidationError) -> list[str]:
    """One sentence for each field that is wrong: ``limit: Input should be less than or equal to 100.``"""
    told = []
    for wrong in error.errors():
        _, *field = map(str, wrong["loc"])
        told.append(_PHOTO_EXPECTED if field[:1] == ["photo"] else f"{'.'.join(field)}: {wrong['msg']}.")
    return list(dict.fromkeys(told))
