"""The JSON that goes out, field by field: what /docs shows and programs may rely on."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, Field

__all__ = [
    "Answer",
    "CatalogueItem",
    "CataloguePage",
    "Health",
    "MapState",
    "Problem",
    "QualityOfAnswers",
    "SimilarItem",
    "Verdict",
    "photo_url",
]


def photo_url(id: str) -> str:
    """Where an item's photo is; ids may hold anything, slashes and quotes too.

    >>> photo_url('shirts/blue "1"')
    '/v1/catalogue/shirts%2Fblue%20%221%22/photo'
    """
    return f"/v1/catalogue/{quote(id, safe='')}/photo"


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
    interval: tuple[float, float] = Field(description="95 % Clopper–Pearson interval of that share.")
    threshold: float = Field(description="Below this confidence nothing is shown.")
    promised_error: float | None = Field(description="What `modiste calibrate` promised at most, if it did.")
    promised_confidence: float | None = Field(description="With at least this probability.")
    evidence: float | None = Field(
        description="Against the promise: 1 if nothing is known, 20 for the alarm, however often one looks."
    )
    alarm: bool = Field(description="Whether the promise is broken, as far as feedback can tell.")


class MapState(BaseModel):
    """Whether the map of the catalogue is drawn, and where its parts are; null as long as it is not."""

    ready: bool = Field(description="Whether there is a map. It may be of an earlier version.")
    done: float = Field(description="How much of the first map is drawn, from 0 to 1.")
    items: int | None = Field(default=None, description="How many items are on it.")
    version: int | None = Field(default=None, description="Of the catalogue, when it was drawn.")
    method: str | None = Field(default=None, description="`t-sne`; `pca` for few items and without openTSNE.")
    kept: float | None = Field(
        default=None, description="Share of items' 10 nearest neighbours that are among the 10 nearest on it."
    )
    items_url: str | None = None
    points_url: str | None = None


class Health(BaseModel):
    """That the server is up, and what it serves."""

    status: str = Field(description='"ok"')
    name: str = Field(description="The shop's name.")
    items: int = Field(description="How many items the catalogue holds.")
    model_id: str
    version: str = Field(description="Modiste's version.")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description='"about:blank": the status says it all.')
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="One sentence for people: what was expected, what came, what to do.")
