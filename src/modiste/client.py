"""A Modiste server from Python: the same questions as its API, with dataclasses for answers.

>>> shop = Client("http://127.0.0.1:8000")
>>> shop.url
'http://127.0.0.1:8000'

Then ``shop.recommend("photo.jpg")``, ``shop.search("blue shirt")``, ``shop.put_item("7", "Navy shirt",
photo="7.jpg")`` and so on. It needs neither a model nor PyTorch, so it also runs where none of that is.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import urllib3

from modiste.errors import ServerError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Answer", "Client", "Item", "Page", "Quality", "SimilarItem", "Version"]

# How often a request is sent again when no connection came about or the server was busy. Every request of
# this client may be: the same one twice changes nothing more.
RETRIES = 3


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the shop. ``photo_url`` leads to its photo, without the server's name.

    ``etag`` changes when the item does; it is known where one item was asked for. ``score`` says how well the
    name fits the words of a search.
    """

    id: str
    name: str
    labels: Mapping[str, str]
    photo_url: str
    etag: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class SimilarItem:
    """An item that is recommended, and its cosine similarity to the photo in [-1, 1]."""

    id: str
    name: str
    similarity: float
    photo_url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Similar ``items``, most similar first; or none, ``shown`` false and the ``reason``.

    ``confidence`` in [0, 1] is at least ``threshold`` where something is shown. ``id`` names the answer in
    `Client.feedback`.
    """

    id: str
    shown: bool
    confidence: float
    threshold: float
    items: tuple[SimilarItem, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the ``total`` items that were asked for, from the ``offset``-th on."""

    total: int
    offset: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """``wrong`` of ``answers`` with a verdict, the 95 % interval of that, and whether a promise broke."""

    answers: int
    wrong: int
    error: float | None
    interval: tuple[float, float]
    promised_error: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A state the catalogue was in: its number, when it was written, and how many items it held."""

    version: int
    written: datetime
    items: int


class Client:
    """A server at ``url``. ``token`` is what it wants to see before it is written to (its MODISTE_TOKEN).

    ``timeout`` in seconds is for connecting and for every wait in between. May be used from several threads.
    Every method raises `ServerError`, with the server's own words, if it refuses or cannot be reached.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout: float = 30.0) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise ValueError(f"expected an address such as http://127.0.0.1:8000; got {url!r}")
        self.url = url.rstrip("/")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        again = urllib3.Retry(
            RETRIES,
            backoff_factor=0.2,
            status_forcelist=(503,),
            allowed_methods=None,
            respect_retry_after_header=True,
            raise_on_status=False,
        )
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(timeout), retries=again, maxsize=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open of connections."""
        self._pool.clear()

    # Questions --------------------------------------------------------------------------------------------

    def recommend(
        self,
        photo: bytes | str | Path | Image,
        *,
        exclude: Iterable[str] = (),
        text: str = "",
        where: Iterable[str] = (),
        diverse: float = 0.0,
        count: int = 3,
    ) -> Answer:
        """Items similar to a photo: a file's name, its bytes, or a picture of Pillow. Or silence and why.

        Ids in ``exclude`` stay out; items must meet all conditions in ``where`` (``"gender=Men"``,
        ``"price<=500"``); names should fit ``text``; ``diverse`` in [0, 1] prefers items unlike one another.
        """
        fields = [*(("exclude", id) for id in exclude), *(("where", condition) for condition in where)]
        fields += [("text", text), ("diverse", str(diverse)), ("count", str(count))]
        told = self._json("POST", "/v1/recommendations", form=fields, photo=photo)
        items = tuple(SimilarItem(**item) for item in told.pop("items"))
        return Answer(**told, items=items)

    def search(self, words: str, *, where: Iterable[str] = (), limit: int = 24) -> list[Item]:
        """Items whose names fit some words, best first."""
        query = [("q", words), ("limit", str(limit)), *(("where", condition) for condition in where)]
        return [Item(**item) for item in self._json("GET", "/v1/search", query=query)["items"]]

    def page(
        self, offset: int = 0, limit: int = 24, *, q: str | None = None, where: Iterable[str] = ()
    ) -> Page:
        """At most ``limit`` ≤ 100 items from the ``offset``-th on."""
        query = [("offset", str(offset)), ("limit", str(limit)), *(("where", each) for each in where)]
        query += [("q", q)] if q is not None else []
        told = self._json("GET", "/v1/items", query=query)
        return Page(told["total"], told["offset"], tuple(Item(**item) for item in told["items"]))

    def items(self, *, q: str | None = None, where: Iterable[str] = ()) -> Iterator[Item]:
        """All items, or those that fit; fetched page by page."""
        where, offset = tuple(where), 0
        while True:
            page = self.page(offset, 100, q=q, where=where)
            yield from page.items
            offset += 100
            if offset >= page.total:
                return

    def item(self, id: str) -> Item:
        """One item, with its ``etag``."""
        return _item(self._send("GET", _item_path(id)))

    def photo(self, item: Item | SimilarItem) -> bytes:
        """An item's photo, as a file."""
        return self._send("GET", item.photo_url).data

    def quality(self) -> Quality:
        """What feedback says of the error among shown answers."""
        return _quality(self._json("GET", "/v1/quality"))

    def versions(self) -> list[Version]:
        """The states `undo` can go back to, newest first."""
        return [_version(told) for told in self._json("GET", "/v1/catalogue/versions")["versions"]]

    # Writing ----------------------------------------------------------------------------------------------

    def put_item(
        self,
        id: str,
        name: str,
        photo: bytes | str | Path | Image | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        if_match: str | None = None,
    ) -> Item:
        """Add an item, or replace all of it; without a ``photo`` it keeps its own. Kept when it returns.

        With an etag in ``if_match`` only if it is still the item of that etag (else `ServerError` 412).
        """
        form = [("name", name), ("labels", json.dumps(dict(labels or {})))]
        headers = {} if if_match is None else {"If-Match": if_match}
        return _item(self._send("PUT", _item_path(id), form=form, photo=photo, headers=headers))

    def change_item(
        self, id: str, *, name: str | None = None, labels: Mapping[str, str | None] | None = None
    ) -> Item:
        """Change an item's name or some labels; a label that becomes None goes."""
        change = {"name": name, "labels": None if labels is None else dict(labels)}
        return _item(self._send("PATCH", _item_path(id), body=change))

    def delete_item(self, id: str) -> None:
        """Have no such item any more; it is no error if there was none."""
        self._send("DELETE", _item_path(id))

    def undo(self, to: int | None = None) -> Version:
        """Go back to how the catalogue was before its last change, or to a version; which one that was."""
        key = {"Idempotency-Key": uuid4().hex}  # sent again by a retry, so that it is obeyed once
        return _version(self._json("POST", "/v1/catalogue/undo", body={"to": to}, headers=key))

    def feedback(self, answer: Answer | str, right: bool, item: str | None = None) -> Quality:
        """Say whether an answer, or one item of it, was right."""
        name = answer if isinstance(answer, str) else answer.id
        body = {"answer": name, "right": right, "item": item}
        return _quality(self._json("POST", "/v1/feedback", body=body))

    # Inside -----------------------------------------------------------------------------------------------

    def _json(self, method: str, path: str, **more: Any) -> Any:
        return self._send(method, path, **more).json()

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        form: Iterable[tuple[str, str]] | None = None,
        photo: bytes | str | Path | Image | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        url = f"{self.url}{path}"
        if query := list(query):
            url += f"?{urlencode(query)}"
        more: dict[str, Any] = {"headers": {**self._headers, **(headers or {})}}
        if form is not None:
            fields: list[tuple[str, Any]] = list(form)
            if photo is not None:
                fields.append(("photo", ("photo", _bytes(photo), "application/octet-stream")))
            more["fields"] = fields
        elif body is not None:
            more["json"] = body
        try:
            answer = self._pool.request(method, url, **more)
        except urllib3.exceptions.HTTPError as error:
            cause = str(getattr(error, "reason", None) or error)
            raise ServerError(f"{self.url}: cannot be reached ({cause}); is the server running?") from error
        if answer.status >= 400:
            raise _refusal(answer)
        return answer


def _bytes(photo: bytes | str | Path | Image) -> bytes:
    """A photo as a file's bytes."""
    if isinstance(photo, bytes):
        return photo
    if isinstance(photo, str | Path):
        return Path(photo).read_bytes()
    file = io.BytesIO()
    photo.save(file, "PNG")
    return file.getvalue()


def _refusal(answer: urllib3.BaseHTTPResponse) -> ServerError:
    """The problem a server answered with, or what can be said of an answer that is none."""
    try:
        told = answer.json()
        detail, request_id = str(told["detail"]), told.get("request_id")
    except (ValueError, KeyError, TypeError, AttributeError):
        detail, request_id = f"The server answered with {answer.status} {answer.reason or ''}".strip(), None
    return ServerError(detail, status=answer.status, request_id=request_id)


def _item(answer: urllib3.BaseHTTPResponse) -> Item:
    return Item(**answer.json(), etag=answer.headers.get("ETag"))


def _item_path(id: str) -> str:
    return f"/v1/items/{quote(id, safe='')}"


def _quality(told: Mapping[str, Any]) -> Quality:
    low, high = told["interval"]
    return Quality(
        answers=told["answers"],
        wrong=told["wrong"],
        error=told["error"],
        interval=(low, high),
        promised_error=told["promised_error"],
        alarm=told["alarm"],
    )


def _version(told: Mapping[str, Any]) -> Version:
    return Version(told["version"], datetime.fromisoformat(told["written"]), told["items"])
