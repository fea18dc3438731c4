"""How long a user waits for a model, and how good it is.

    python benchmarks/time_to_accuracy.py photos.zip --splits splits/dev --recipe quick --seeds 5

Each seed is a run of ``modiste train`` in a process of its own, with an empty cache of decoded photos, so the
seconds are those from pressing Enter to the finished model folder: starting up, decoding and calibration
included. (What the operating system keeps of the files in memory is not emptied.) Measuring accuracy on
``main_test`` comes after that and does not count. Figures of a busy machine mean nothing: the load before
each run is shown beside its figures.

Exit code 0: done, and the goal, if any, is reached in the mean; 1: it is not; 2: a run failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

MODISTE = [sys.executable, "-c", "from modiste.cli import main; main()"]  # what the `modiste` script does


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark as the command line says; the exit code."""
    wanted = parse(arguments)
    runs: list[dict[str, Any]] = []
    report: dict[str, Any] = {
        "command": sys.argv[1:] if arguments is None else list(arguments),
        "commit": commit(),
        "hardware": {"cpu": cpu(), "cores": cores(), "system": platform.platform()},
        "runs": runs,
    }
    for seed in range(wanted.seeds):
        with tempfile.TemporaryDirectory(prefix="modiste-benchmark-") as place:
            try:
                facts, run = measure(wanted, seed, Path(place))
            except subprocess.CalledProcessError as error:
                print(f"seed {seed}: {error.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                return 2
        runs.append(run)
        report |= facts
        report["summary"] = {name: spread(run[name] for run in runs) for name in figures(runs)}
        report["reached"] = reached(report["summary"], wanted.goal)
        print(line_of(run), flush=True)
        if wanted.json is not None:  # after every run: a benchmark that is stopped has measured something
            wanted.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print()
    print(table(report["summary"]))
    print()
    print(conditions(report))
    if wanted.goal:
        print(
            f"goal {wanted.goal[0]:g}/{wanted.goal[1]:g}: {'reached' if report['reached'] else 'NOT REACHED'}"
        )
    return 0 if report["reached"] in (True, None) else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "data", nargs="+", type=Path, metavar="DATA", help="photos and labels, as for modiste train"
    )
    parser.add_argument(
        "--splits", type=Path, required=True, metavar="DIR", help="train.csv and main_test.csv"
    )
    parser.add_argument("--recipe", required=True, metavar="NAME|FILE", help="as for modiste train")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many runs: seeds 0 to N - 1")
    parser.add_argument("--goal", type=goal, metavar="A/B", help="accuracy and balanced accuracy: 0.84/0.80")
    parser.add_argument(
        "--scenarios", action="store_true", help="also the four scenarios; takes minutes more"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    return parser.parse_args(arguments)


def goal(text: str) -> tuple[float, float]:
    """Accuracy and balanced accuracy, as they are given on the command line.

    >>> goal("0.84/0.80")
    (0.84, 0.8)
    """
    try:
        accuracy, balanced = map(float, text.split("/"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"two numbers such as 0.84/0.80 expected, not {text!r}") from error
    return accuracy, balanced


# One run --------------------------------------------------------------------------------------------------


def measure(wanted: argparse.Namespace, seed: int, place: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Train and evaluate in the empty folder ``place``: what holds for all runs, and this run's figures."""
    environment = os.environ | {"MODISTE_CACHE": str(place / "cache")}
    model, results = place / "model", place / "results.json"
    data, splits = list(map(str, wanted.data)), str(wanted.splits)
    load = os.getloadavg()[0]
    start = time.perf_counter()
    modiste(
        [
            "train",
            *data,
            "--splits",
            splits,
            "--recipe",
            wanted.recipe,
            "--seed",
            str(seed),
            "-o",
            str(model),
        ],
        environment,
    )
    seconds = time.perf_counter() - start
    if not wanted.scenarios:
        splits = str(only_main_test(wanted.splits, place / "splits"))
    given = [word for part in data for word in ("--data", part)]
    modiste(["evaluate", str(model), *given, "--splits", splits, "--out", str(results)], environment)

    found = json.loads(results.read_text("utf-8"))
    if "classification" not in found:
        reason = found["skipped"]["classification"]
        raise subprocess.CalledProcessError(1, "modiste evaluate", stderr=f"no accuracy measured: {reason}")
    training = json.loads((model / "model.json").read_text("utf-8"))["training"]
    run = {
        "seed": seed,
        "load_before": load,
        "seconds": seconds,
        "accuracy": found["classification"]["accuracy"],
        "balanced_accuracy": found["classification"]["balanced_accuracy"],
    }
    for number, scenario in found["scenarios"].items() if wanted.scenarios else ():
        run[f"scenario_{number}_accuracy"] = scenario["accuracy"]
        run[f"scenario_{number}_balanced_accuracy"] = scenario["balanced_accuracy"]
    facts = {
        "recipe": training["recipe"],
        "photos": training["photos"],
        "data": training["data"],
        "tested": found["classification"]["n"],
        "versions": training["versions"],
    }
    facts |= {name: training[name] for name in ("precision", "threads", "device")}
    return facts, run


def modiste(words: list[str], environment: Mapping[str, str]) -> None:
    """Run a command to its end. ``CalledProcessError`` with what it said, if it fails."""
    subprocess.run([*MODISTE, *words, "--quiet"], env=environment, check=True, capture_output=True, text=True)


def only_main_test(splits: Path, folder: Path) -> Path:
    """Splits with nothing to embed but ``main_test``, and the one training photo that there must be."""
    folder.mkdir()
    (folder / "main_test.csv").write_bytes((splits / "main_test.csv").read_bytes())
    lines = (splits / "train.csv").read_bytes().splitlines(keepends=True)
    (folder / "train.csv").write_bytes(b"".join(lines[:2]))
    return folder


# All runs -------------------------------------------------------------------------------------------------


def figures(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is averaged over runs: everything but the seed and the load."""
    return [name for name in runs[0] if name not in ("seed", "load_before")]


def spread(values: Iterable[float]) -> dict[str, float | None]:
    """Mean, sample standard deviation (None for one value), smallest and largest.

    >>> spread([1.0, 3.0])
    {'n': 2, 'mean': 2.0, 'sd': 1.4142135623730951, 'min': 1.0, 'max': 3.0}
    """
    all_of = list(values)
    sd = statistics.stdev(all_of) if len(all_of) > 1 else None
    return {
        "n": len(all_of),
        "mean": statistics.fmean(all_of),
        "sd": sd,
        "min": min(all_of),
        "max": max(all_of),
    }


def reached(summary: Mapping[str, Mapping[str, Any]], goal: tuple[float, float] | None) -> bool | None:
    """Whether both means are at least the goal; None without a goal."""
    if goal is None:
        return None
    means = (summary["accuracy"]["mean"], summary["balanced_accuracy"]["mean"])
    return all(mean >= least for mean, least in zip(means, goal, strict=True))


def line_of(run: Mapping[str, Any]) -> str:
    shown = (
        f"seed {run['seed']}: {run['seconds']:.1f} s, {run['accuracy']:.4f} / {run['balanced_accuracy']:.4f}"
    )
    scenarios = [
        f"{number}: {run[accuracy]:.3f} / {run[balanced]:.3f}"
        for number in "1234"
        for accuracy, balanced in [(f"scenario_{number}_accuracy", f"scenario_{number}_balanced_accuracy")]
        if accuracy in run
    ]
    return "; ".join([shown, *scenarios, f"load before {run['load_before']:.1f}"])


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [f"{'':30} {'n':>3} {'mean':>9} {'sd':>8} {'min':>9} {'max':>9}"]
    for name, row in summary.items():
        digits = 1 if name == "seconds" else 4
        sd = "–" if row["sd"] is None else f"{row['sd']:.{digits}f}"
        mean, least, most = (f"{row[key]:.{digits}f}" for key in ("mean", "min", "max"))
        lines.append(f"{name.replace('_', ' '):30} {row['n']:3} {mean:>9} {sd:>8} {least:>9} {most:>9}")
    return "\n".join(lines)


def conditions(report: Mapping[str, Any]) -> str:
    """What the figures hold for, in one paragraph."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    hardware = report["hardware"]
    return (
        f"{report['recipe']['name']}, {report['photos']:,} photos learned, {report['tested']:,} tested; "
        f"{hardware['cpu']}, {hardware['cores']} cores, {report['threads']} threads, {report['device']}, "
        f"{report['precision']}; {versions}; commit {report['commit'] or 'unknown'}"
    )


# Where it runs --------------------------------------------------------------------------------------------


def cpu() -> str:
    """The processor's name as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def commit() -> str | None:
    """The commit of this checkout, with ``+`` when files were changed since; None outside of git."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip()[:12] + ("+" if changed.stdout.strip() else "")


if __name__ == "__main__":
    sys.exit(main())
