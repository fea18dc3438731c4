"""The JSON that goes out, field by field: what /docs shows and programs may rely on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Answer",
    "CatalogueItem",
    "CataloguePage",
    "CatalogueVersion",
    "CatalogueVersions",
    "FoundItem",
    "FoundItems",
    "Health",
    "ItemChange",
    "Problem",
    "QualityOfAnswers",
    "Readiness",
    "SimilarItem",
    "Undo",
    "Verdict",
    "item_url",
    "photo_url",
]

MOST_NAME = 1024
MOST_LABELS = 64
Level = Annotated[str, Field(min_length=1, max_length=100)]
Label = Annotated[str, Field(max_length=1000)]


def photo_url(id: str) -> str:
    """Where an item's photo is; ids may hold anything, slashes and quotes too.

    >>> photo_url('shirts/blue "1"')
    '/v1/catalogue/shirts%2Fblue%20%221%22/photo'
    """
    return f"/v1/catalogue/{quote(id, safe='')}/photo"


def item_url(id: str) -> str:
    """Where an item is.

    >>> item_url("shirts/7")
    '/v1/items/shirts%2F7'
    """
    return f"/v1/items/{quote(id, safe='')}"


class SimilarItem(BaseModel):
    """A catalogue item that is recommended."""

    id: str
    name: str
    similarity: float = Field(description="Cosine similarity to the photo, from -1 to 1.")
    photo_url: str


class Answer(BaseModel):
    """Similar items, or silence and the reason for it."""

    id: str = Field(description="Names this answer in feedback; the same for the same photo.")
    shown: bool = Field(description="Whether items are recommended.")
    confidence: float = Field(description="How likely the photo's kind is among the items, from 0 to 1.")
    threshold: float = Field(description="Below this confidence nothing is shown.")
    items: list[SimilarItem] = Field(description="The most similar first; empty if nothing is shown.")
    reason: str | None = Field(description="Why nothing is shown, in words for a shopper; else null.")


class CatalogueItem(BaseModel):
    """An item of the shop."""

    id: str
    name: str
    labels: dict[str, str] = Field(description='What is known of it, such as {"articleType": "Shirts"}.')
    photo_url: str


class CataloguePage(BaseModel):
    """A stretch of the catalogue, in a lasting order."""

    total: int = Field(description="How many items the catalogue holds.")
    offset: int
    limit: int
    items: list[CatalogueItem]
    model_id: str = Field(description="The model that made the catalogue's vectors.")


class FoundItem(CatalogueItem):
    """An item whose name fits some words."""

    score: float = Field(description="BM25 of the name: higher fits better, comparable within one answer.")


class FoundItems(BaseModel):
    """Items whose names fit some words."""

    items: list[FoundItem] = Field(description="The best first.")


class ItemChange(BaseModel):
    """What is to be different about an item; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=MOST_NAME)
    labels: dict[Level, Label | None] | None = Field(
        default=None, max_length=MOST_LABELS, description="Labels to set; null takes one away."
    )


class Undo(BaseModel):
    """Which version of the catalogue to go back to."""

    model_config = ConfigDict(extra="forbid")

    to: int | None = Field(
        default=None,
        ge=1,
        lt=2**53,
        description="A `version` of `/v1/catalogue/versions`; null: the last in which items were different.",
    )


class CatalogueVersion(BaseModel):
    """A state the catalogue was in."""

    version: int = Field(description="Its number.")
    written: datetime = Field(description="When it was written.")
    items: int = Field(description="How many items it held.")


class CatalogueVersions(BaseModel):
    """The states one can go back to."""

    versions: list[CatalogueVersion] = Field(description="The newest first: the present one.")


class Verdict(BaseModel):
    """Whether an answer that was shown, or one item of it, was right."""

    answer: str = Field(pattern=r"^[0-9a-f]{16}$", description="The answer's `id`.")
    right: bool = Field(description="Whether it is the kind of thing the photo shows.")
    item: str | None = Field(
        default=None, max_length=1024, description="The item's id; null: the answer as a whole."
    )


class QualityOfAnswers(BaseModel):
    """What feedback says of the error among shown answers, and of what was promised."""

    answers: int = Field(description="How many answers have a verdict.")
    wrong: int = Field(description="How many of those were wrong.")
    error: float | None = Field(description="Their share; null as long as there are none.")
    # Not a tuple: FastAPI would describe it in a way that OpenAPI 3.1 does not know.
    interval: list[float] = Field(
        min_length=2, max_length=2, description="95 % Clopper–Pearson interval of that share."
    )
    threshold: float = Field(description="Below this confidence nothing is shown.")
    promised_error: float | None = Field(description="What `modiste calibrate` promised at most, if it did.")
    promised_confidence: float | None = Field(description="With at least this probability.")
    evidence: float | None = Field(
        description="Against the promise: 1 if nothing is known, 20 for the alarm, however often one looks."
    )
    alarm: bool = Field(description="Whether the promise is broken, as far as feedback can tell.")


class Health(BaseModel):
    """That the server is up, and what it serves."""

    status: str = Field(description='"ok"')
    name: str = Field(description="The shop's name.")
    items: int = Field(description="How many items the catalogue holds.")
    model_id: str
    version: str = Field(description="Modiste's version.")


class Readiness(BaseModel):
    """That requests may come, and which catalogue they meet."""

    status: str = Field(description='"ready"')
    items: int = Field(description="How many items the catalogue holds.")
    version: int = Field(description="The catalogue's version; it grows with every change.")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description='"about:blank": the status says it all.')
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="One sentence for people: what was expected, what came, what to do.")
    request_id: str | None = Field(
        default=None, description="Names the request; the server's log has it too."
    )
