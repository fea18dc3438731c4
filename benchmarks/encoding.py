"""How fast an encoder turns photos into vectors: each runtime and precision, and what the processor can do.

    python benchmarks/encoding.py --photos photos.zip --json encoding.json --docs docs/speed.md

Rates of the network alone for batches of 1, 32 and 256 photos; then from JPEG files (decode, resize, network)
of 60×80 and 1800×2400, with the runtime that `auto` takes and in int8; one photo at a time; and with
``--photos`` a cold ``modiste index`` of them all. Every line of the first table has its share of the
multiplications that this processor does in one large matrix product of the same precision, measured in the
same run: the physical limit. JPEG files are drawn, so the benchmark needs no data; int8 is calibrated on
``--photos``, or on drawn ones, which suits its vectors less.

All threads are used that PyTorch takes (OMP_NUM_THREADS). It takes some three minutes on two cores; figures
of a busy machine mean nothing: the load before is shown beside them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from modiste import compute
from modiste.errors import ModelError
from modiste.model import Model
from modiste.model_folder import load_model
from modiste.networks.folded import fold
from modiste.photos import fit_all, read_fitted, read_for
from modiste.runtimes import export, load_with_runtime
from modiste.runtimes.engines import onnx_engine, openvino_engine, torch_engine
from modiste.runtimes.exported import engine_of

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
BATCHES = (1, 32, 256)
START, END = "<!-- encoding {} -->", "<!-- /encoding {} -->"  # of which model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--model", default="default", help="a model folder or a shipped encoder")
    parser.add_argument("--photos", type=Path, help="a folder, zip or table of photos to index, all of them")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure")
    parser.add_argument(
        "--no-compile", action="store_true", help="leave torch.compile out, the slowest to start"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    parser.add_argument("--docs", type=Path, metavar="FILE", help=f"put the tables between {START} and {END}")
    given = parser.parse_args()
    compute.keep_freed_memory()
    load = os.getloadavg()[0]
    model = load_model(given.model)
    report: dict[str, Any] = {
        "model": model.id,
        "conditions": conditions(load),
        "multiplications_per_photo": multiplications(model),
        "limits": limits(given.seconds),
    }
    with tempfile.TemporaryDirectory(prefix="modiste-benchmark-") as folder:
        files = {"60x80": drawn(256, 60, 80), "1800x2400": drawn(8, 1800, 2400)}
        calibrated_on = fitted_photos(model, given.photos, files["60x80"])
        report["network"] = []
        exports: dict[str, Embed] = {}
        for name, precision, embed in contenders(model, calibrated_on, Path(folder), not given.no_compile):
            row = measured(name, precision, embed, model, calibrated_on, report, given.seconds)
            report["network"].append(row)
            print(json.dumps(row), file=sys.stderr, flush=True)
            if precision == "int8":
                exports[name] = embed
        chosen = load_with_runtime(given.model).engine  # as `modiste index` does
        assert chosen is not None
        name = chosen.name.replace("torch-", "torch folded ").replace("-", " ")
        report["files"] = from_files(chosen, name, model, files, report, given.seconds)
        for name, embed in exports.items():  # as `modiste index --runtime onnx-int8` does
            report["files"] += from_files(embed, name, model, files, report, given.seconds)
    if given.photos is not None:
        report["index"] = indexed(given.photos, given.model)
    text = tables(report)
    print(text)
    if given.json is not None:
        given.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    if given.docs is not None:
        start, end = START.format(model.name), END.format(model.name)
        before, _, rest = given.docs.read_text("utf-8").partition(start)
        _, _, after = rest.partition(end)
        given.docs.write_text(f"{before}{start}\n{text}\n{end}{after}", "utf-8")


def contenders(
    model: Model, photos: NDArray[np.uint8], folder: Path, compiled: bool
) -> Iterator[tuple[str, str, Embed]]:
    """Name, precision and what makes the vectors; what is not installed says so and is left out."""
    bf16 = has_bf16()
    if not bf16:
        print("PyTorch in bf16 left out: this processor has no instructions for it", file=sys.stderr)
    for precision in compute.PRECISIONS if bf16 else ["fp32"]:
        yield f"torch eager {precision}", precision, eager(model, precision)
        yield f"torch folded {precision}", precision, torch_engine(model, compute.PRECISIONS[precision])
    if compiled and bf16:
        yield "torch.compile bf16", "bf16", compile_whole(model)
    for runtime, precision in (
        ("onnx", "fp32"),
        ("onnx", "int8"),
        ("openvino", "fp32"),
        ("openvino", "bf16"),
        ("openvino", "int8"),
    ):
        try:
            if precision == "int8":
                made = export(model, runtime, precision, folder / f"{runtime}-{precision}", photos=photos)
                engine = engine_of(made)
            else:
                from modiste.runtimes.graph import graph_of

                start = onnx_engine if runtime == "onnx" else openvino_engine
                engine = start(graph_of(model).SerializeToString(), model.dimension, precision=precision)
        except (ImportError, ModelError) as error:
            print(f"{runtime} {precision} left out: {error}", file=sys.stderr)
            continue
        yield f"{runtime} {precision}", precision, engine


def has_bf16() -> bool:
    """Whether this processor is faster in bfloat16; emulated, it is many times slower."""
    return compute.precision() == torch.bfloat16


def eager(model: Model, precision: str) -> Embed:
    def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        os.environ["MODISTE_PRECISION"] = precision
        compute.precision.cache_clear()
        try:
            return model.embed(pixels)
        finally:
            del os.environ["MODISTE_PRECISION"]
            compute.precision.cache_clear()

    return embed


def compile_whole(model: Model) -> Embed:
    module = torch.compile(fold(model.network).torch(torch.bfloat16), dynamic=False)
    mean, std = (
        torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (model.preprocess.mean, model.preprocess.std)
    )

    def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            pictures = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - mean) / std
            if model.network.mirror:
                one, mirrored = module(torch.cat([pictures, pictures.flip(3)])).chunk(2)
                features = (one + mirrored) / 2
            else:
                features = module(pictures)
            vectors: NDArray[np.float32] = model.network.embed(features).numpy()
        return vectors

    return embed


def measured(
    name: str,
    precision: str,
    embed: Embed,
    model: Model,
    photos: NDArray[np.uint8],
    report: dict[str, Any],
    seconds: float,
) -> dict[str, Any]:
    reference = torch_engine(model, torch.float32)(photos)
    cosines = np.einsum("nd,nd->n", embed(photos), reference)
    per_s, spread = {}, {}
    for batch in BATCHES:
        some = np.ascontiguousarray(np.resize(photos, (batch, *photos.shape[1:])))
        times = timed(lambda some=some: embed(some), seconds)
        per_s[str(batch)] = round(batch / statistics.median(times), 1)
        spread[str(batch)] = [round(batch / np.quantile(times, q), 1) for q in (0.9, 0.1)]
    rate = per_s["256"] * report["multiplications_per_photo"]
    return {
        "name": name,
        "per_s": per_s,
        "p90_p10": spread,
        "one_photo_ms": round(1e3 / per_s["1"], 3),
        "share_of_limit": round(rate / report["limits"][precision], 3)
        if precision in report["limits"]
        else None,
        "cosine_lowest": round(float(cosines.min()), 5),
        "cosine_mean": round(float(cosines.mean()), 5),
    }


def timed(run: Callable[[], Any], seconds: float) -> list[float]:
    """Wall seconds of each run, for at least ``seconds`` and three runs, after two that warm up."""
    run(), run()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return times


def multiplications(model: Model) -> int:
    """What the convolutions of one photo multiply, with its mirror image where that counts."""
    height, width = ((side + 1) // 2 for side in (model.preprocess.height, model.preprocess.width))
    folded = fold(model.network)
    total = folded.stem.weight.size * height * width
    for block in folded.blocks:
        if block.halve:
            height, width = (height + 1) // 2, (width + 1) // 2
        shortcut = 0 if block.shortcut is None else block.shortcut.weight.size
        total += (block.first.weight.size + block.second.weight.size + shortcut) * height * width
    return int(total) * (2 if model.network.mirror else 1)


def limits(seconds: float) -> dict[str, float]:
    """Multiplications a second in a product of two matrices 1024², by precision, on all threads.

    Of PyTorch's and NumPy's libraries the faster counts: not every one of them is at home on every processor.
    Where there are no instructions for bf16, float32 is what runs in its place.
    """
    n = 1024
    products: list[Any] = [torch.rand(n, n), np.ones((n, n), np.float32)]
    found = {"fp32": max(n**3 / min(timed(lambda each=each: each @ each, seconds)) for each in products)}
    found["bf16"] = found["fp32"]
    if has_bf16():
        half = products[0].bfloat16()
        found["bf16"] = n**3 / min(timed(lambda: half @ half, seconds))
    try:
        found["int8"] = n**3 / min(timed(int8_product(n), seconds))
    except ImportError:
        print("no limit for int8: onnx and onnxruntime are not installed", file=sys.stderr)
    return found


def int8_product(n: int) -> Callable[[], Any]:
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).integers(-100, 100, (n, n), dtype=np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [n, n])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [n, n])],
        [numpy_helper.from_array(weights, "b")],
    )
    made = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    numbers = np.random.default_rng(1).integers(0, 200, (n, n), dtype=np.uint8)
    return lambda: session.run(None, {"a": numbers})


def drawn(count: int, width: int, height: int) -> list[bytes]:
    """JPEG files with smooth shapes and some grain, about as large as product photos are."""
    rng = np.random.default_rng(0)
    files = []
    for _ in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 6, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
        grainy = smooth + rng.integers(-4, 5, smooth.shape, dtype=np.int16)
        file = io.BytesIO()
        Image.fromarray(grainy.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=88)
        files.append(file.getvalue())
    return files


def fitted_photos(model: Model, source: Path | None, files: list[bytes]) -> NDArray[np.uint8]:
    if source is not None:
        from modiste.datasets import open_listing

        listing = open_listing(source)
        names = listing.table["photo"].sample(min(256, len(listing)), random_state=0)
        files = [listing.source.read(name) for name in names]
    return np.stack([read_fitted(file, model.preprocess) for file in files])


def from_files(
    embed: Embed,
    name: str,
    model: Model,
    files: dict[str, list[bytes]],
    report: dict[str, Any],
    seconds: float,
) -> list[dict[str, Any]]:
    """Photos a second from JPEG bytes to vectors, threads decoding while the network runs; and without it."""
    rows = []
    network = next(row for row in report["network"] if row["name"] == name)
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for size, kept in files.items():
            decoded = rate(pool, model, kept, None, 2 * seconds)
            both = rate(pool, model, kept, embed, 4 * seconds)
            peak = report["limits"][name.rpartition(" ")[2]] / report["multiplications_per_photo"]
            limit = 1 / (1 / decoded + 1 / peak)
            one = timed(lambda kept=kept: embed(read_fitted(kept[0], model.preprocess)[None]), seconds)
            rows.append(
                {
                    "size": size,
                    "kilobytes": round(statistics.mean(map(len, kept)) / 1e3, 1),
                    "runtime": name,
                    "decode_per_s": round(decoded, 1),
                    "network_per_s": network["per_s"]["256"],
                    "per_s": round(both, 1),
                    "limit_per_s": round(limit, 1),
                    "share_of_limit": round(both / limit, 3),
                    "one_photo_ms": round(1e3 * statistics.median(one), 3),
                    "one_photo_p99_ms": round(1e3 * float(np.quantile(one, 0.99)), 3),
                }
            )
    return rows


def rate(
    pool: ThreadPoolExecutor, model: Model, files: list[bytes], embed: Embed | None, seconds: float
) -> float:
    """Photos a second, some portions decoded ahead as `modiste.catalogue.index` does it."""
    portion = 8 if len(files[0]) > 100_000 else 32
    some = (files * (portion // len(files) + 1))[:portion]

    def decode() -> NDArray[np.uint8]:
        return fit_all(model.preprocess, (read_for(model.preprocess, file) for file in some))

    ahead = [pool.submit(decode) for _ in range(4 * torch.get_num_threads())]
    done, embedded, waiting = 0, 0, []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or (embed is not None and not embedded):
        waiting.extend(ahead.pop(0).result())
        ahead.append(pool.submit(decode))
        done += portion
        if embed is not None and len(waiting) >= 8 * portion:
            embed(np.stack(waiting))
            embedded += len(waiting)
            waiting = []
    took = time.perf_counter() - began
    for left in ahead:
        left.cancel()
    return (done if embed is None else embedded) / took


def indexed(photos: Path, model: str) -> dict[str, Any]:
    """``modiste index`` in a process of its own, from pressing Enter to its end."""
    program = [sys.executable, "-c", "from modiste.cli import main; main()"]
    with tempfile.TemporaryDirectory(prefix="modiste-benchmark-") as folder, without_marks():
        began = time.perf_counter()
        done = subprocess.run(
            [
                *program,
                "index",
                str(photos),
                "--into",
                f"{folder}/shop",
                "--model",
                model,
                "--json",
                "--quiet",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - began
    answer = json.loads(done.stdout)
    return {
        "photos": answer["added"],
        "seconds": round(seconds, 1),
        "per_s": round(answer["added"] / seconds, 1),
    }


@contextmanager
def without_marks() -> Iterator[None]:
    """Without what this benchmark set for itself, so that the process decides as a user's does."""
    before = os.environ.pop("MODISTE_PRECISION", None)
    try:
        yield
    finally:
        if before is not None:
            os.environ["MODISTE_PRECISION"] = before


def conditions(load: float) -> dict[str, Any]:
    versions = {}
    for package in ("modiste", "torch", "onnxruntime", "openvino", "simplejpeg", "pillow"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "threads": torch.get_num_threads(),
        "cpu": cpu(),
        "load_before": round(load, 2),
        "versions": versions,
    }


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def tables(report: dict[str, Any]) -> str:
    about = report["conditions"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    giga = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in report["limits"].items())
    lines = [
        f"{report['model']}, {report['multiplications_per_photo'] / 1e6:.0f} million multiplications per "
        f"photo; {about['cpu']}, {about['threads']} threads, load before {about['load_before']}; {versions}. "
        f"Limits, in billions of multiplications a second: {giga}.",
        "",
        "| network alone | photos/s by 1 | by 32 | by 256 | one photo | share | cosine, lowest | mean |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in report["network"]:
        rates = " | ".join(f"{row['per_s'][str(batch)]:,.0f}" for batch in BATCHES)
        share = "–" if row["share_of_limit"] is None else f"{row['share_of_limit']:.0%}"
        lines.append(
            f"| {row['name']} | {rates} | {row['one_photo_ms']:.2f} ms | {share} | "
            f"{row['cosine_lowest']:.5f} | {row['cosine_mean']:.5f} |"
        )
    lines += [
        "",
        "| from JPEG files | kB | runtime | decoding alone | whole | limit | share | one photo | p99 |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['size']} | {row['kilobytes']:,.0f} | {row['runtime']} | {row['decode_per_s']:,.0f}/s | "
        f"{row['per_s']:,.0f}/s | {row['limit_per_s']:,.0f}/s | {row['share_of_limit']:.0%} | "
        f"{row['one_photo_ms']:.2f} ms | {row['one_photo_p99_ms']:.2f} ms |"
        for row in report["files"]
    ]
    if "index" in report:
        index = report["index"]
        lines += [
            "",
            f"`modiste index` of {index['photos']:,} photos, all in all: {index['seconds']} s, "
            f"{index['per_s']:,.0f} photos/s.",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
