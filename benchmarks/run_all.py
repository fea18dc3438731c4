"""Everything that is claimed about speed, in one run: one JSON file and one page.

    python benchmarks/run_all.py --data photos.zip --splits splits/dev --out figures/
    python benchmarks/run_all.py --quick --out figures/       # tiny and drawn: does it all run?

Beside each figure stands what this machine could do at most, and how near that is: the operations of the
network over the rate at which this machine was just measured to multiply matrices, or the bytes to be read
over its measured memory bandwidth. Such a limit leaves out everything else (decoding, HTTP, Python), so
nothing reaches it; it tells how much there would be to gain. A search with an index reads less than all
vectors, so it may well be faster than "everything read once".

The other benchmarks of this folder do the measuring and can be run alone; ``--skip`` leaves some out, and
what a run left in the folder ``--out`` is taken as it is unless ``--again``. On a machine that does anything
else the figures mean nothing: the load before each part is printed.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
MODISTE = [sys.executable, "-c", "from modiste.cli import main; main()"]  # what the `modiste` script does
PARTS = ("time_to_accuracy", "encoding", "search", "serving", "index", "report", "start")
ENCODERS = ("default", "light", "large")
TRAINING_PASSES = 3  # forwards, and twice as much backwards

Found = dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """A figure and what would be possible: ``limit`` in the same ``unit``, None where nothing tells it."""

    part: str
    what: str
    value: float
    unit: str
    limit: float | None = None
    limited_by: str = ""

    @property
    def ratio(self) -> float | None:
        """The share of the limit that is reached, in [0, 1] but for figures that get around it.

        >>> Claim("search", "one query", 4.0, "ms", 1.0).ratio
        0.25
        >>> Claim("encoding", "photos", 500.0, "1/s", 1000.0).ratio
        0.5
        """
        if not self.limit or not self.value:
            return None
        return self.value / self.limit if self.unit.endswith("/s") else self.limit / self.value


@dataclass(frozen=True)
class Machine:
    """What it was measured to do: bytes a second read from memory, operations a second by kind of number."""

    bytes_per_s: float
    operations_per_s: dict[str, float]
    processors: int

    @property
    def best(self) -> tuple[str, float]:
        """The kind of number that is fastest, and its rate."""
        kind = max(self.operations_per_s, key=lambda name: self.operations_per_s[name])
        return kind, self.operations_per_s[kind]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all parts; 1 if one of them failed, and the others are on the page nevertheless."""
    wanted = parse(arguments)
    wanted.out.mkdir(parents=True, exist_ok=True)
    report: Found = {
        "command": sys.argv[1:] if arguments is None else list(arguments),
        "system": platform.platform(),
        "quick": wanted.quick,
        "parts": {},
        "failed": {},
    }
    machine = measure_machine(0.2 if wanted.quick else 2.0)
    report["machine"] = asdict(machine)
    claims: list[Claim] = []
    with tempfile.TemporaryDirectory(prefix="modiste-run-all-") as place:
        data = wanted.data or drawn(Path(place))
        splits = wanted.splits or data / "splits"
        for part in PARTS:
            if part in wanted.skip:
                continue
            file = wanted.out / f"{part}.json"
            load = os.getloadavg()[0]
            began = time.perf_counter()
            try:
                if wanted.again or not file.exists():
                    RUN[part](file, data, splits, wanted.quick)
                found = json.loads(file.read_text("utf-8"))
                claims += CLAIMS[part](found, machine)
            except (subprocess.CalledProcessError, OSError, KeyError) as error:
                report["failed"][part] = words_of(error)
            else:
                report["parts"][part] = found
            print(f"{part}: {time.perf_counter() - began:.0f} s, load before {load:.1f}", flush=True)
    report["claims"] = [asdict(claim) | {"ratio": claim.ratio} for claim in claims]
    (wanted.out / "figures.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    (wanted.out / "figures.html").write_text(page(report, machine, claims), "utf-8")
    for claim in claims:
        print(line_of(claim))
    for part, why in report["failed"].items():
        print(f"{part}: FAILED: {why}", file=sys.stderr)
    return 1 if report["failed"] else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--data", type=Path, metavar="ZIP", help="photos and labels; else the drawn sample shop"
    )
    parser.add_argument("--splits", type=Path, metavar="DIR", help="for --data: train.csv and main_test.csv")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="figures.json and figures.html"
    )
    parser.add_argument("--skip", nargs="+", choices=PARTS, default=[], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--again", action="store_true", help="measure again what is in the folder already")
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it runs")
    wanted = parser.parse_args(arguments)
    if wanted.data is not None and wanted.splits is None:
        parser.error("--data needs --splits")
    return wanted


def words_of(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    return (said.strip().splitlines() or [type(error).__name__])[-1]


# What the machine can do ----------------------------------------------------------------------------------


def measure_machine(seconds: float) -> Machine:
    """Read memory and multiply matrices on all processors, for some ``seconds`` each; the best counts."""
    import torch

    def rate(work: Callable[[], Any], amount: float) -> float:
        best, until = np.inf, time.perf_counter() + seconds
        while time.perf_counter() < until:
            began = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - began)
        return float(amount / best)

    memory = torch.ones(64_000_000 if seconds > 1 else 8_000_000)
    size = 1024  # what has no instructions of its own takes a second or two
    operations: dict[str, float] = {}
    with torch.inference_mode():
        bandwidth = rate(memory.sum, 4 * len(memory))
        for kind in (torch.float32, torch.bfloat16):
            one = torch.ones(size, size, dtype=kind)
            operations[str(kind).removeprefix("torch.")] = rate(lambda one=one: one @ one, 2 * size**3)
        plain = np.ones((size, size), np.float32)  # its library may know this processor better
        operations["float32"] = max(operations["float32"], rate(lambda: plain @ plain, 2 * size**3))
        eight = torch.ones(size, size, dtype=torch.int8)
        try:
            operations["int8"] = rate(lambda: torch._int_mm(eight, eight), 2 * size**3)
        except RuntimeError as error:  # not on this processor
            print(f"int8: {error}", file=sys.stderr)
    return Machine(bandwidth, operations, torch.get_num_threads())


def operations_of(network: Any, height: int, width: int) -> float:
    """Operations for one picture, a multiplication and an addition being two."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.inference_mode(), FlopCounterMode(display=False) as counted:
        network(torch.zeros(1, 3, height, width))
    return float(counted.get_total_flops())


def operations_of_default() -> float:
    """For one photo in the shipped encoder, mirror image included."""
    from modiste.model_folder import load_model

    model = load_model("default")
    views = 2 if model.network.mirror else 1
    return views * operations_of(model.network, model.preprocess.height, model.preprocess.width)


# The parts ------------------------------------------------------------------------------------------------


def drawn(place: Path) -> Path:
    from modiste.datasets import draw_sample

    draw_sample(place / "shop", per_type=4, height=32)
    return place / "shop"


def script(name: str, *words: object) -> None:
    command = [sys.executable, str(HERE / f"{name}.py"), *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode > 1:  # 1: measured, and some goal missed
        raise subprocess.CalledProcessError(done.returncode, name, stderr=done.stderr)


def modiste(*words: object) -> float:
    """Seconds a command takes, from the start of its process."""
    began = time.perf_counter()
    command = [*MODISTE, *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return round(time.perf_counter() - began, 3)


def run_time_to_accuracy(file: Path, data: Path, splits: Path, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        recipe: object = "quick"
        if quick:
            small = {"name": "small", "about": "to see that it runs", "epochs": 1, "batch": 32}
            small |= {
                "stages": [{"until": 1, "height": 32, "width": 24}],
                "widths": [8, 16],
                "depths": [1, 1],
            }
            recipe = Path(place, "small.json")
            Path(place, "small.json").write_text(json.dumps(small))
        words = (data, "--splits", splits, "--recipe", recipe, "--seeds", 1 if quick else 5, "--json", file)
        script("time_to_accuracy", *words)


def run_encoding(file: Path, data: Path, splits: Path, quick: bool) -> None:
    """What `benchmarks/encoding.py` measures, of each encoder that comes with the package."""
    less = ["--seconds", "0.02", "--no-compile"] if quick else []
    found: Found = {}
    with tempfile.TemporaryDirectory() as place:
        for encoder in ENCODERS[:1] if quick else ENCODERS:
            script("encoding", "--model", encoder, *less, "--json", Path(place, "encoding.json"))
            found[encoder] = json.loads(Path(place, "encoding.json").read_text("utf-8"))
    file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def run_search(file: Path, data: Path, splits: Path, quick: bool) -> None:
    only = ["--only", "modiste", "numpy exact"] if quick else []
    sizes = "2000" if quick else "10000,100000,1000000"
    script("search", "--sizes", sizes, "--json", file, "--png", file.with_suffix(".png"), *only)


def run_serving(file: Path, data: Path, splits: Path, quick: bool) -> None:
    script("serving", "--json", file, *(["--quick"] if quick else []))


def run_index(file: Path, data: Path, splits: Path, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        seconds = modiste("index", data, "--into", Path(place, "shop"), "--quiet")
        from modiste.catalogue import Catalogue

        photos = len(Catalogue.open(Path(place, "shop")))
    file.write_text(json.dumps({"seconds": seconds, "photos": photos}) + "\n", "utf-8")


def run_report(file: Path, data: Path, splits: Path, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        results = Path(place, "results.json")
        evaluated = modiste(
            "evaluate", "default", "--data", data, "--splits", splits, "--out", results, "--quiet"
        )
        seconds = modiste("report", results, "-o", Path(place, "report.html"))
    file.write_text(json.dumps({"seconds": seconds, "evaluate_seconds": evaluated}) + "\n", "utf-8")


def run_start(file: Path, data: Path, splits: Path, quick: bool) -> None:
    """What a newcomer waits for: the help, the version, and what the import of the package costs."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import modiste"], check=True)
    found = {"import_s": round(time.perf_counter() - began, 3), "help_s": modiste("--help")}
    with tempfile.TemporaryDirectory() as place:
        shop, catalogue = drawn(Path(place)), Path(place, "catalogue")
        modiste("index", shop, "--into", catalogue, "--quiet")
        found["recommend_s"] = modiste("recommend", catalogue, next(shop.rglob("*.jpg")))
    file.write_text(json.dumps(found) + "\n", "utf-8")


# What is claimed ------------------------------------------------------------------------------------------


def by_operations(machine: Machine, operations: float) -> tuple[float, str]:
    """The fewest seconds so many operations take, and why."""
    kind, rate = machine.best
    return operations / rate, f"{operations / 1e9:.3g} G operations at {rate / 1e9:.0f} G/s ({kind})"


def claim_time_to_accuracy(found: Found, machine: Machine) -> list[Claim]:
    from modiste.networks import ResNet, ResNetConfig

    recipe, photos = found["recipe"], found["photos"]
    config = ResNetConfig(39, 21, widths=tuple(recipe["widths"]), depths=tuple(recipe["depths"]))
    network, start, one = ResNet(config).eval(), 0.0, 0.0
    for stage in recipe["stages"]:
        one += (stage["until"] - start) * operations_of(network, stage["height"], stage["width"])
        start = stage["until"]
    seconds, why = by_operations(machine, TRAINING_PASSES * one * photos * recipe["epochs"])
    mean = {name: spread["mean"] for name, spread in found["summary"].items()}
    name = recipe["name"]
    return [
        Claim("time to accuracy", f"recipe {name}: from photos to model", mean["seconds"], "s", seconds, why),
        Claim("time to accuracy", f"recipe {name}: accuracy", mean["accuracy"], ""),
        Claim("time to accuracy", f"recipe {name}: balanced accuracy", mean["balanced_accuracy"], ""),
    ]


def claim_encoding(found: Found, machine: Machine) -> list[Claim]:
    claims = []
    for encoder, measured in found.items():
        seconds, operations = by_operations(machine, 2 * measured["multiplications_per_photo"])
        for files in measured["files"]:
            what = f"{encoder} by {files['runtime']}, {files['size']} JPEG files"
            both = "decoding and convolutions, each alone"
            claims += [
                Claim("encoding", what, files["per_s"], "photos/s", files["limit_per_s"], both),
                Claim("encoding", f"{what}, one", files["one_photo_ms"], "ms", 1e3 * seconds, operations),
            ]
    return claims


def claim_search(found: Found, machine: Machine) -> list[Claim]:
    claims = []
    for run in found["runs"]:
        if "left_out" in run:
            continue
        size = 4 * run["items"] * run["dimension"]
        why = f"{size / 1e6:.0f} MB read once at {machine.bytes_per_s / 1e9:.1f} GB/s"
        what = f"{run['items']:,} × {run['dimension']}, {run['peer']}, recall@3 {run['recall_at_3']:.3f}"
        claims.append(Claim("search", what, run["p50_ms"], "ms", 1e3 * size / machine.bytes_per_s, why))
    return claims


def claim_serving(found: Found, machine: Machine) -> list[Claim]:
    seconds, why = by_operations(machine, operations_of_default())
    load = f"{found['load']['connections']} connections"
    return [
        Claim("upload to answer", "60 × 80, median", found["small"]["p50_ms"], "ms", 1e3 * seconds, why),
        Claim("upload to answer", "60 × 80, 99 of 100", found["small"]["p99_ms"], "ms", 1e3 * seconds, why),
        Claim("upload to answer", "12 megapixels, median", found["phone"]["p50_ms"], "ms"),
        Claim("upload to answer", load, found["load"]["per_s"], "answers/s", 1 / seconds, why),
        Claim("upload to answer", f"{load}, 99 of 100", found["load"]["p99_ms"], "ms"),
        Claim("upload to answer", "memory of the server", found["memory"]["after_mb"], "MB"),
        Claim("upload to answer", "start to ready", found["ready_s"], "s"),
        Claim("upload to answer", "one item added and found", found["add"]["p50_ms"], "ms"),
    ]


def claim_index(found: Found, machine: Machine) -> list[Claim]:
    seconds, why = by_operations(machine, found["photos"] * operations_of_default())
    return [Claim("index", f"{found['photos']:,} photos", found["seconds"], "s", seconds, why)]


def claim_report(found: Found, machine: Machine) -> list[Claim]:
    return [
        Claim("report", "evaluating the shipped encoder", found["evaluate_seconds"], "s"),
        Claim("report", "results to page", found["seconds"], "s"),
    ]


def claim_start(found: Found, machine: Machine) -> list[Claim]:
    names = {
        "import_s": "python -c 'import modiste'",
        "help_s": "modiste --help",
        "recommend_s": "modiste recommend, one photo",
    }
    return [Claim("start", what, found[name], "s") for name, what in names.items() if name in found]


RUN: Mapping[str, Callable[[Path, Path, Path, bool], None]] = {
    "time_to_accuracy": run_time_to_accuracy,
    "encoding": run_encoding,
    "search": run_search,
    "serving": run_serving,
    "index": run_index,
    "report": run_report,
    "start": run_start,
}
CLAIMS: Mapping[str, Callable[[Found, Machine], list[Claim]]] = {
    "time_to_accuracy": claim_time_to_accuracy,
    "encoding": claim_encoding,
    "search": claim_search,
    "serving": claim_serving,
    "index": claim_index,
    "report": claim_report,
    "start": claim_start,
}


# The page -------------------------------------------------------------------------------------------------


def line_of(claim: Claim) -> str:
    """One claim in one line.

    >>> line_of(Claim("search", "one query", 4.0, "ms", 1.0, "bytes"))
    'search: one query: 4 ms, limit 1 ms (bytes): 25 %'
    """
    text = f"{claim.part}: {claim.what}: {claim.value:.4g} {claim.unit}".rstrip()
    if claim.ratio is None:
        return text
    return f"{text}, limit {claim.limit:.4g} {claim.unit} ({claim.limited_by}): {share(claim.ratio)}"


def share(ratio: float) -> str:
    """A share of a limit, which an index can get around: then it is many times that.

    >>> share(0.253), share(258.4)
    ('25.3 %', '258 times')
    """
    return f"{100 * ratio:.3g} %" if ratio < 10 else f"{ratio:.3g} times"


def page(report: Found, machine: Machine, claims: Sequence[Claim]) -> str:
    """All claims as one HTML page that needs nothing else."""
    rows = []
    for claim in claims:
        limit = "" if claim.ratio is None else f"{claim.limit:.4g} {claim.unit}"
        ratio = "" if claim.ratio is None else share(claim.ratio)
        value = f"{claim.value:.4g} {claim.unit}"
        cells = (claim.part, claim.what, value, limit, ratio, claim.limited_by)
        rows.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    rates = ", ".join(f"{kind} {rate / 1e9:.0f} G/s" for kind, rate in machine.operations_per_s.items())
    missing = "".join(
        f"<p><b>{html.escape(part)} failed:</b> {html.escape(why)}</p>"
        for part, why in report["failed"].items()
    )
    warning = "<p><b>Measured with --quick: these figures mean nothing.</b></p>" if report["quick"] else ""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Modiste in figures</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color-scheme: light dark }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884 }}
td:nth-child(n+3):nth-child(-n+5) {{ text-align: right; white-space: nowrap }}
</style>
<h1>Modiste in figures</h1>
<p>{html.escape(report["system"])}, {machine.processors} processors: memory read at
{machine.bytes_per_s / 1e9:.1f} GB/s, matrices multiplied at {html.escape(rates)}.</p>
{warning}{missing}
<table>
<thead><tr><th>part<th>what<th>measured<th>limit<th>of limit<th>limited by</tr></thead>
<tbody>
{chr(10).join(rows)}
</tbody>
</table>
</html>
"""


if __name__ == "__main__":
    sys.exit(main())
