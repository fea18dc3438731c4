"""The form most often sent, one small photo and nothing else, read without detours.

Otherwise a form is parsed piece by piece, its files become temporary files, and each field is looked for and
checked: half of all that a server does around an answer. What `only_photo` knows at a glance needs none of
that. All other forms, and all that is wrong with one, are left to the ordinary way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from modiste.api.uploads import promised_bytes

__all__ = ["only_photo", "photo_routes_to"]

# Without quotes, parameters or anything else that would have to be interpreted.
_CONTENT_TYPE = re.compile(r"multipart/form-data; ?boundary=([\w.'()+/=?-]{1,70})", re.ASCII)
_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="photo"; filename="[^"\\\x00-\x1f\x7f]{1,255}"\r\n'
    rb"(?:Content-Type: [\w.+/-]{1,255}\r\n)?\r\n",
    re.ASCII,
)
# What the form adds to the photo in it: twice the boundary, and the headers of one part.
_AROUND_BYTES = 1000


def photo_routes_to(small_bytes: int, answer: Callable[[bytes], Awaitable[Response]]) -> type[APIRoute]:
    """Routes that have ``answer`` answer forms with a photo of up to ``small_bytes`` and nothing else.

    Whatever else comes is for the route's own function. It is what /docs describes, and must answer a lone
    photo in the same way.
    """

    class PhotoRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            usual = super().get_route_handler()

            async def handle(request: Request) -> Response:
                if not 0 < promised_bytes(request.headers) <= small_bytes + _AROUND_BYTES:
                    return await usual(request)
                try:
                    body = await request.body()  # and there the usual way finds it, too
                except ClientDisconnect as error:
                    raise HTTPException(400, "There was an error parsing the body") from error
                photo = only_photo(request.headers.get("content-type", ""), body)
                if photo is None or len(photo) > small_bytes:
                    return await usual(request)
                return await answer(photo)

            return handle

    return PhotoRoute


def only_photo(content_type: str, body: bytes) -> bytes | None:
    """The file ``photo`` of a form that holds nothing else; None if it holds more or is anything unusual.

    >>> head = b'--x\\r\\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\\r\\n\\r\\n'
    >>> only_photo("multipart/form-data; boundary=x", head + b"..." + b"\\r\\n--x--\\r\\n")
    b'...'
    >>> only_photo("multipart/form-data; boundary=y", head + b"..." + b"\\r\\n--x--\\r\\n")
    """
    if (told := _CONTENT_TYPE.fullmatch(content_type)) is None:
        return None
    boundary = b"--" + told[1].encode()
    if not body.startswith(boundary + b"\r\n"):
        return None
    if (head := _HEAD.match(body, len(boundary) + 2)) is None:
        return None
    # The first line that begins with the boundary must be the last line.
    end = body.find(b"\r\n" + boundary, head.end())
    if end < 0 or body[end + 2 :] != boundary + b"--\r\n":
        return None
    return body[head.end() : end]
