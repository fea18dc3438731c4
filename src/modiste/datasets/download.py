"""Photos from the addresses in a table, for the command line: bounded in every way, from public hosts only.

An address in a table is somebody else's word. So a host's addresses are looked up here and checked to be
public, and the connection goes to the very address that was checked, for each redirect anew: no name can
lead into one's own network. Bytes, time, redirects and attempts are limited; what is no photo is not kept.
Connections are direct: proxies of the environment are not used, as one would look names up by itself.
"""

from __future__ import annotations

import http.client
import ipaddress
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import quote, urljoin, urlsplit

import modiste
from modiste.datasets.links import FetchedPhoto, FetchedPhotos, LinkedSource, is_link
from modiste.datasets.listing import Listing, Skipped
from modiste.errors import DataError, PhotoError
from modiste.photos import MAX_BYTES, read_header
from modiste.progress import Progress, silent

__all__ = ["NOT_FETCHED", "DownloadLimits", "fetch_linked", "is_public"]

NOT_FETCHED = "photo not fetched"
PARALLEL = 8
_CHUNK = 65_536
_REDIRECTS = (301, 302, 303, 307, 308)
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_PAUSE = 30.0
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IN_A_PATH = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """What a photo may cost. ``seconds`` are those of one attempt, all redirects and bytes included.

    Between attempts, of which the last counts, lie ``pause`` seconds, then twice as many, and so on.
    """

    max_bytes: int = MAX_BYTES
    seconds: float = 30.0
    redirects: int = 3
    attempts: int = 3
    pause: float = 0.5


def fetch_linked(
    listing: Listing,
    *,
    allow_private: bool = False,
    again: bool = False,
    limits: DownloadLimits | None = None,
    progress: Progress = silent,
) -> Listing:
    """Fetch the photos a listing names by addresses; the listing of those that are there now.

    The others are named in its ``skipped``. What has been fetched before, in a run that was interrupted too,
    is not fetched again; with ``again`` its server is asked whether it has changed. ``allow_private`` also
    lets hosts in one's own network be asked. `DataError` if photos cannot be kept.
    """
    source = listing.source
    wanted = sorted({photo for photo in listing.photos if is_link(photo)})
    if not wanted or not isinstance(source, LinkedSource):
        return listing
    fetch = _Fetcher(source.fetched, allow_private, again, limits or DownloadLimits())
    wrong: dict[str, str] = {}
    pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="modiste-fetch")
    try:
        for done, (url, problem) in enumerate(zip(wanted, pool.map(fetch, wanted), strict=True), 1):
            if problem:
                wrong[url] = problem
            progress(done, len(wanted), "fetching photos")
    except OSError as error:
        raise DataError(
            f"fetched photos cannot be kept in {source.fetched.folder} ({error.strerror or error}); make "
            "room there or set MODISTE_CACHE to another folder"
        ) from error
    finally:
        fetch.stop.set()
        pool.shutdown(cancel_futures=True)
        fetch.close()
    table = listing.table[~listing.table["photo"].isin(wrong)].reset_index(drop=True)
    skipped = tuple(Skipped(url, NOT_FETCHED, problem) for url, problem in wrong.items())
    return replace(listing, table=table, skipped=listing.skipped + skipped)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet's, whatever it is wrapped in.

    >>> [is_public(a) for a in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")]
    [True, True]
    >>> [is_public(a) for a in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0")]
    [False, False, False, False, False]
    >>> [is_public(a) for a in ("::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [False, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inside is not None:
            return is_public(str(inside))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


class _TryAgainError(Exception):
    """What may be over in a moment; ``pause`` is what the server asks for, in seconds."""

    def __init__(self, told: str, pause: float = 0.0) -> None:
        super().__init__(told)
        self.pause = pause


class _Connection(http.client.HTTPConnection):
    """To one of the addresses that were checked, whatever the name leads to by now."""

    def __init__(self, host: str, port: int, addresses: list[str], context: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self.default_port = _PORTS["http" if context is None else "https"]  # which the Host header leaves out
        self._addresses = addresses
        self._context = context
        self.seconds = 10.0

    def connect(self) -> None:
        for left, address in enumerate(reversed(self._addresses)):
            try:
                plain = socket.create_connection((address, self.port), self.seconds)
            except OSError:
                if left == len(self._addresses) - 1:
                    raise
                continue
            break
        self.sock = plain
        if self._context is not None:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the line when time is up: a server that sends a byte now and then never runs into a timeout."""
        self.seconds = max(0.01, seconds)
        if self.sock is not None:
            self.sock.settimeout(self.seconds)
        timer = threading.Timer(self.seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        with suppress(OSError, AttributeError):  # closed by now
            self.sock.shutdown(socket.SHUT_RDWR)


class _Fetcher:
    """Fetches one photo after the other, in several threads."""

    def __init__(
        self, fetched: FetchedPhotos, allow_private: bool, again: bool, limits: DownloadLimits
    ) -> None:
        self.stop = threading.Event()
        self._fetched = fetched
        self._allow_private = allow_private
        self._again = again
        self._limits = limits
        self._context = ssl.create_default_context()
        self._here = threading.local()  # each thread's last connection, for the next photo of the same host
        self._connections: set[_Connection] = set()

    def __call__(self, url: str) -> str | None:
        """None when the photo is there, else what is wrong. ``OSError`` if it cannot be kept."""
        known = self._fetched.get(url)
        if known is not None and not self._again:
            return None
        for attempt in range(1, self._limits.attempts + 1):
            try:
                found = self._ask(url, known)
            except PhotoError as error:
                return str(error)
            except _TryAgainError as error:
                if attempt == self._limits.attempts:
                    return f"{error}; asked {attempt} times"
                pause = self._limits.pause * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                if self.stop.wait(min(_LONGEST_PAUSE, max(pause, error.pause))):
                    return "interrupted"
                continue
            if found is not None:
                self._fetched.put(url, found.content, etag=found.etag, modified=found.modified)
            return None
        raise AssertionError("unreachable: the last attempt returns")

    def close(self) -> None:
        """End all connections, once no thread asks any more."""
        for connection in self._connections:
            connection.close()

    def _ask(self, url: str, known: FetchedPhoto | None) -> FetchedPhoto | None:
        """The photo; None if it is the known one still."""
        deadline = time.monotonic() + self._limits.seconds
        headers = {
            "User-Agent": f"modiste/{modiste.__version__}",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
        }
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.modified:
            headers["If-Modified-Since"] = known.modified
        for _ in range(self._limits.redirects + 1):
            connection, path = self._connect(url)
            try:
                with connection.within(deadline - time.monotonic()):
                    connection.request("GET", path, headers=headers)
                    answer = connection.getresponse()
                    if answer.status not in _REDIRECTS:
                        return self._read(answer, known, deadline)
                location = answer.getheader("Location")
                self._drop()  # nobody reads the rest of a redirect
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if time.monotonic() >= deadline:
                    raise _TryAgainError(f"slower than {self._limits.seconds:g} s") from error
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise PhotoError(f"its certificate is not valid ({error.verify_message})") from error
                raise _TryAgainError(f"no answer ({_words(error)})") from error
            except BaseException:
                self._drop()
                raise
            if not location:
                raise PhotoError("a redirect to nowhere")
            url = urljoin(url, location)
        raise PhotoError(f"more than {self._limits.redirects} redirects")

    def _read(
        self, answer: http.client.HTTPResponse, known: FetchedPhoto | None, deadline: float
    ) -> FetchedPhoto | None:
        if answer.status == 304 and known is not None:
            answer.read()  # nothing; then the connection can be asked again
            return None
        if answer.status in _TRY_AGAIN:
            asked = answer.getheader("Retry-After") or ""
            raise _TryAgainError(
                f"its server answers {answer.status}", float(asked) if asked.isdecimal() else 0.0
            )
        if answer.status != 200:
            raise PhotoError(f"its server answers {answer.status} {answer.reason}".strip())
        content = bytearray()
        while piece := answer.read1(_CHUNK):
            content += piece
            if len(content) > self._limits.max_bytes:
                raise PhotoError(f"larger than {self._limits.max_bytes / 1e6:g} MB")
            if time.monotonic() >= deadline:
                raise OSError("time is up")
        promised = answer.getheader("Content-Length", "")
        if (promised.isdecimal() and int(promised) != len(content)) or time.monotonic() >= deadline:
            raise OSError("cut off")
        answer.close()  # all is read: the connection can be asked for the next photo
        photo = bytes(content)
        read_header(photo)  # `PhotoError` for a page that says sorry
        return FetchedPhoto(photo, "", answer.getheader("ETag", ""), answer.getheader("Last-Modified", ""))

    def _connect(self, url: str) -> tuple[_Connection, str]:
        """A connection to the host of ``url``, and what to ask it for. `PhotoError` if that must not be."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
            host.encode("idna")
        except ValueError as error:
            raise PhotoError(f"not an address ({error})") from error
        if parts.scheme not in _PORTS or not host:
            raise PhotoError(f"leads to {url[:80]!a}; only http and https are fetched")
        if parts.username is not None or parts.password is not None:
            raise PhotoError("has a name or password in it; photos are fetched without")
        path = quote(parts.path, safe=_IN_A_PATH) or "/"
        if parts.query:
            path += "?" + quote(parts.query, safe=_IN_A_PATH + "?")
        place = (parts.scheme, host, port)
        if getattr(self._here, "place", None) != place:
            self._drop()
            context = self._context if parts.scheme == "https" else None
            self._here.connection = _Connection(host, port, self._addresses(host, port), context)
            self._connections.add(self._here.connection)
            self._here.place = place
        return self._here.connection, path

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise _TryAgainError(f"{host} cannot be looked up now") from error
            raise PhotoError(f"no such host: {host}") from error
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        for address in addresses:
            if not self._allow_private and not is_public(address):
                raise PhotoError(
                    f"{host} is {address}, which is not in the public Internet; to allow it: --allow-private"
                )
        return addresses

    def _drop(self) -> None:
        """Forget this thread's connection."""
        if (connection := getattr(self._here, "connection", None)) is not None:
            connection.close()
            self._connections.discard(connection)
        self._here.connection = self._here.place = None


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
