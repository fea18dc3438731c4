"""What a Ray cluster costs: photos a second and core of `modiste index --engine ray`, beside one process.

    python benchmarks/ray_throughput.py /path/to/photos --json ray.json

Two Ray nodes are started on this machine, with one processor each; the single process has two threads. So it
is for machines of two processors, or for two that it is given (``taskset``). Both are timed from the start of
the process to its end (``whole_s``) and by the report of `index`, which leaves out imports and loading the
model; *steady* is between a fifth and nine tenths of the photos, when all workers have long started: what a
large collection comes to.

Exit code 1 if ``steady`` is below ``--goal`` of the single process.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CORES = 2
SECONDS_TO_START = 120.0

# `modiste index`, and when how many photos were done.
INDEX = """
import json, sys, time
from functools import partial
from modiste.catalogue import index
from modiste.datasets import open_listing
from modiste.runtimes import load_with_runtime

photos, into, model, address = sys.argv[1:]
done_at = []

def progress(done, total, what):
    done_at.append((time.perf_counter(), done))

listing = open_listing(photos)
load = partial(load_with_runtime, model)
if address:
    from modiste.catalogue.ray_indexing import index_on_ray
    report = index_on_ray(listing, into, load, address=address, progress=progress)
else:
    report = index(listing, into, load(), progress=progress)

total = done_at[-1][1]
first = next(at for at in done_at if at[1] >= 0.2 * total)
last = next(at for at in done_at if at[1] >= 0.9 * total)
print(json.dumps({
    "photos": report.added, "skipped": len(report.skipped), "index_s": report.seconds,
    "steady_per_s": (last[1] - first[1]) / (last[0] - first[0]),
}))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("photos", type=Path, help="a folder or zip; some ten thousand photos at least")
    parser.add_argument("--model", default="default", help="a model folder or a shipped encoder")
    parser.add_argument("--goal", type=float, default=0.9, help="share of the single process's rate")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    given = parser.parse_args(arguments)
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    environment.pop("RAY_ADDRESS", None)
    report: dict[str, Any] = {
        "cpu": platform.processor() or platform.machine(),
        "load_before": os.getloadavg()[0],
    }
    with tempfile.TemporaryDirectory(prefix="ray") as scratch:
        folder = Path(scratch)
        report["single"] = indexed(
            given, folder / "single", "", {**environment, "OMP_NUM_THREADS": str(CORES)}
        )
        print(json.dumps(report["single"]), flush=True)
        with cluster(folder, environment) as address:
            report["ray"] = indexed(given, folder / "ray", address, environment)
        print(json.dumps(report["ray"]), flush=True)
    for rate in ("per_s", "steady_per_s"):
        report[f"ray_share_{rate}"] = report["ray"][rate] / report["single"][rate]
        print(f"{rate}: Ray reaches {report[f'ray_share_{rate}']:.2f} of the single process")
    if given.json is not None:
        given.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return int(report["ray_share_steady_per_s"] < given.goal)


def indexed(
    given: argparse.Namespace, into: Path, address: str, environment: dict[str, str]
) -> dict[str, float]:
    began = time.perf_counter()
    out = subprocess.check_output(
        [sys.executable, "-c", INDEX, str(given.photos), str(into), given.model, address], env=environment
    )
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    found["whole_s"] = time.perf_counter() - began
    found["per_s"] = found["photos"] / found["index_s"]
    found["per_s_and_core"] = found["per_s"] / CORES
    return found


@contextlib.contextmanager
def cluster(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of two Ray nodes of one processor each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder / 'r'}"]
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        for options in (head, [f"--address={address}"]):
            nodes.append(node(options, environment))
            wait_for(address)
        yield address
    finally:
        for started in nodes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def node(options: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    script = "from ray.scripts.scripts import main; main()"
    common = ["--node-ip-address=127.0.0.1", "--num-cpus=1", "--object-store-memory=500000000", "--block"]
    return subprocess.Popen(
        [sys.executable, "-c", script, "start", *options, *common, "--disable-usage-stats"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(address: str) -> None:
    host, _, port = address.rpartition(":")
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
            return
        time.sleep(0.2)
    raise SystemExit(f"Ray does not start at {address} within {SECONDS_TO_START:g} s")


if __name__ == "__main__":
    raise SystemExit(main())
