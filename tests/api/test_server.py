"""A real server on a real port: it starts, answers, says what keeps it from starting, and stops when told."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from tests.api.fake_shop import FakeRecommender, draw

from modiste.api import serve
from modiste.errors import ModisteError

ROOT = Path(__file__).parents[2]
PROGRAM = """
from modiste.api import serve
from tests.api.fake_shop import fake_recommender
serve(fake_recommender(), port=0, ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server in a process of its own, and its port."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline()
            match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)\n", url)
            assert match, f"it did not start, but said: {url!r}"
            yield process, int(match[1])
        finally:
            process.kill()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with started() as (_, port):
        yield port


def connect(port: int) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30))


def is_well(port: int) -> bool:
    with connect(port) as connection:
        connection.request("GET", "/healthz")
        with connection.getresponse() as response:
            return response.status == 200 and response.read().startswith(b'{"status":"ok"')


def wait_until_refused(port: int) -> None:
    deadline = time.monotonic() + 30
    with suppress(ConnectionError):
        while time.monotonic() < deadline:
            is_well(port)
        pytest.fail("it still takes connections")


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_told(name: signal.Signals) -> None:
    with started() as (process, port):
        assert is_well(port)
        process.send_signal(name)
        out, err = process.communicate(timeout=30)
    assert err == ""
    if name == signal.SIGINT:
        assert (out, process.returncode) == ("stopped\n", 0)


def test_an_upload_that_has_begun_is_answered_before_it_stops() -> None:
    photo = draw("tee", "navy")
    start = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
    body = start + photo + b"\r\n--x--\r\n"
    with started() as (process, port), connect(port) as connection:
        connection.putrequest("POST", "/v1/recommendations")
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:500])
        assert is_well(port)  # so the beginning has been read
        process.send_signal(signal.SIGTERM)
        wait_until_refused(port)
        connection.send(body[500:])
        with connection.getresponse() as response:
            assert response.status == 200
            assert json.load(response)["shown"] is True
        _, err = process.communicate(timeout=30)
    assert err == ""


def test_it_does_not_say_what_it_is(port: int) -> None:
    with connect(port) as connection:
        connection.request("GET", "/")
        with connection.getresponse() as response:
            assert response.getheader("server") is None


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "length known"])
def test_a_refused_upload_hears_why(port: int, chunked: bool) -> None:
    """The answer arrives although the client was still sending, and the next request is fine."""
    start = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
    body = [start, *[bytes(1_000_000)] * 30]
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with connect(port) as connection:
        sent = iter(body) if chunked else b"".join(body)
        connection.request("POST", "/v1/recommendations", sent, headers, encode_chunked=chunked)
        with connection.getresponse() as response:
            assert response.status == 413
            assert b"20 MB" in response.read()
        connection.request("GET", "/healthz")
        with connection.getresponse() as response:
            assert response.status == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /v1/catalogue HTTP/1.1\r\n\r\n",
        b"GET /%ff%00/../.. HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n",
        b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
    ids=["no host", "odd path", "absolute", "two lengths", "no number", "TLS", "long header"],
)
def test_nonsense_does_not_bring_it_down(port: int, request_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request_)
        answer = line.recv(100)
    assert re.match(rb"HTTP/1.1 4\d\d ", answer), answer
    assert is_well(port)


def test_a_port_in_use_is_named(recommender: FakeRecommender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ModisteError, match=f"^127.0.0.1:{port}: another program .* --port$"):
            serve(recommender, port=port)


def test_an_address_that_is_not_here_is_named(recommender: FakeRecommender) -> None:
    with pytest.raises(ModisteError, match=r"^192\.0\.2\.1:8000: .*--host"):
        serve(recommender, host="192.0.2.1")
    with pytest.raises(ModisteError, match=r"^no such\.host: no such host"):
        serve(recommender, host="no such.host")
