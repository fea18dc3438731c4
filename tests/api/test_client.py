"""modiste.Client against a real server on a real port."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from PIL import Image
from tests.api.fake_shop import HOSTILE_ID, draw

from modiste import Client
from modiste.api import create_app
from modiste.errors import ServerError
from modiste.recommendation import Feedback, Recommender


@pytest.fixture
def url(shop: Recommender, tmp_path: Path) -> Iterator[str]:
    app = create_app(shop, feedback=Feedback(tmp_path / "feedback.jsonl", "fake"), token="s3cret")
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_a_shop_from_python(url: str, tmp_path: Path) -> None:
    """All methods, one after the other: starting a server for each would take longer than they do."""
    with Client(url + "/", token="s3cret") as shop:
        file = tmp_path / "photo.png"
        file.write_bytes(draw("tee", "navy"))
        answer = shop.recommend(file)
        assert answer.shown
        assert answer.items[0].id == "tee/navy"
        assert answer == shop.recommend(file.read_bytes()) == shop.recommend(str(file))
        assert shop.recommend(Image.open(io.BytesIO(file.read_bytes()))).items == answer.items
        assert shop.photo(answer.items[0]) == file.read_bytes()
        wished = shop.recommend(file, exclude=["tee/navy"], where=["price<=80"], text="tee", count=2)
        assert "tee/navy" not in {item.id for item in wished.items}
        assert len(wished.items) == 2
        silent = shop.recommend(file, where=["price<=20"])
        assert (silent.shown, silent.items) == (False, ())
        assert silent.reason

        assert [item.id for item in shop.search("crimson bags", limit=1)] == ["bag/crimson"]
        assert [item.id for item in shop.items(where=["type=bag"])] == [
            "bag/navy",
            "bag/crimson",
            "bag/black",
        ]
        assert shop.page(8, 5).total == 9

        put = shop.put_item(HOSTILE_ID, "Gold bag", draw("bag", "gold"), {"type": "bag"})
        assert put == shop.item(HOSTILE_ID)
        changed = shop.change_item(HOSTILE_ID, labels={"type": None, "price": "5"})
        assert changed.labels == {"price": "5"}
        with pytest.raises(ServerError, match="no longer, the one of If-Match") as late:
            shop.put_item(HOSTILE_ID, "Late", if_match=put.etag)
        assert late.value.status == 412
        assert shop.put_item(HOSTILE_ID, "In time", if_match=changed.etag).name == "In time"
        shop.delete_item(HOSTILE_ID)
        shop.delete_item(HOSTILE_ID)
        with pytest.raises(ServerError, match="has no item of this id") as gone:
            shop.item(HOSTILE_ID)
        assert gone.value.request_id
        assert shop.undo().items == 10
        assert shop.item(HOSTILE_ID).name == "In time"
        assert shop.undo(to=shop.versions()[-1].version).items == 0

        assert shop.feedback(answer, right=True).answers == 1
        assert shop.feedback(answer.id, right=False).wrong == 1
        assert shop.quality().error == 1.0

        with pytest.raises(ServerError, match="Not a photo"):
            shop.recommend(b"no photo")
    with Client(url) as stranger, pytest.raises(ServerError, match="needs the server's token"):
        stranger.delete_item("tee/navy")


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as nobody:
        with pytest.raises(ServerError, match="cannot be reached") as told:
            nobody.search("shirt")
        assert told.value.status is None
    with pytest.raises(ValueError, match="expected an address"):
        Client("127.0.0.1:8000")
