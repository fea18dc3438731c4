"""Every curl command of docs/api.md, understood as curl does and sent to the application."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.fake_shop import draw

from modiste.api import create_app
from modiste.catalogue import CatalogueItem
from modiste.embedding import embed_photo
from modiste.recommendation import Feedback, Recommender

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
SERVER = "http://127.0.0.1:8000"


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def understood(command: str, folder: Path) -> dict[str, Any]:
    """A curl command → arguments of ``client.request``. An option this does not know fails the test."""
    program, *words = shlex.split(command.replace("$MODISTE_TOKEN", "s3cret"))
    assert program == "curl"
    request: dict[str, Any] = {"headers": {}}
    form, files, query = {}, {}, []
    method, get = None, False
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            request["headers"][name] = value
        elif word == "-F":
            name, _, value = words.pop(0).partition("=")
            if value.startswith("@"):
                files[name] = (value[1:], (folder / value[1:]).read_bytes())
            else:
                form.setdefault(name, []).append(value)
        elif word == "--data-urlencode":
            name, _, value = words.pop(0).partition("=")
            query.append((name, value))
        elif word == "--json":
            request["content"] = words.pop(0)
            request["headers"]["Content-Type"] = "application/json"
        elif word == "-G":
            get = True
        elif word == "-o":
            words.pop(0)
        else:
            assert word.startswith(SERVER), word
            request["url"] = word.removeprefix(SERVER)
    assert get == bool(query), "curl would post this"
    if query:
        request["params"] = query
    if form or files:
        request |= {"data": form, "files": files}
    posts = form or files or "content" in request
    return request | {"method": method or ("POST" if posts else "GET")}


def test_the_page_shows_commands() -> None:
    assert len(commands()) >= 20


@pytest.mark.parametrize("token", [None, "s3cret"], ids=["this computer", "with a token"])
def test_every_command_works(shop: Recommender, tmp_path: Path, token: str | None) -> None:
    photo = draw("tee", "navy", format="JPEG")
    (tmp_path / "photo.jpg").write_bytes(photo)
    men = [
        CatalogueItem.from_photo(str(n), "Shirt", photo, labels={"gender": "Men", "price": str(100 * n)})
        for n in range(3)
    ]
    shop.catalogue.add(men, [embed_photo(shop.encoder, photo)[0]] * 3)
    app = create_app(shop, feedback=Feedback(tmp_path / "feedback.jsonl", "fake"), token=token)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with TestClient(app, base_url=SERVER, headers=headers) as client:
        for command in commands():
            answer = client.request(**understood(command, tmp_path))
            assert answer.is_success, f"{command}\n{answer.text}"
            if "/v1/recommendations" in command:
                assert answer.json()["shown"], command
    assert "new-1" not in shop.catalogue
