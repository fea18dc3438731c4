"""A server on this machine that speaks S3, and the environment in which everything goes to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

SECONDS_TO_START = 60


@contextmanager
def s3_server(bucket: str = "shops") -> Iterator[dict[str, str]]:
    """Yields the environment variables; skips the test where moto is not installed."""
    if find_spec("moto") is None or find_spec("flask_cors") is None:
        pytest.skip("needs moto's server, which is among the dev extras")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
    )
    try:
        began = time.monotonic()
        while True:
            try:
                urllib.request.urlopen(
                    urllib.request.Request(f"{url}/{bucket}", method="PUT"), timeout=30
                ).close()
                break
            except OSError:
                assert server.poll() is None, "the S3 server has ended"
                assert time.monotonic() - began < SECONDS_TO_START, "the S3 server does not answer"
                time.sleep(0.1)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.kill()
        server.wait()
