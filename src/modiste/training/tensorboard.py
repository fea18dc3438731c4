"""The rows of a run's history for TensorBoard, while the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modiste.errors import ModisteError

__all__ = ["Report", "tensorboard_log"]

Report = Callable[[dict[str, float]], None]
"""Called with each row of a run's history when it is made."""

FLUSH_SECONDS = 10  # how long a figure may wait before it can be seen


@contextmanager
def tensorboard_log(folder: str | Path | None) -> Iterator[Report | None]:
    """A function that adds a row of history to the TensorBoard log in ``folder``; None without a folder.

    The log is complete when the block ends. `ModisteError` says what to install where TensorBoard is
    missing.

    >>> with tensorboard_log(None) as report:
    ...     report is None
    True
    """
    if folder is None:
        yield None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ModisteError(
            f"a TensorBoard log needs the tensorboard package ({error}); pip install 'modiste[tensorboard]'"
        ) from error
    Path(folder).mkdir(parents=True, exist_ok=True)  # an OSError here says more than the writer's
    writer = SummaryWriter(str(folder), flush_secs=FLUSH_SECONDS)

    def report(row: dict[str, float]) -> None:
        for name, value in row.items():
            if name not in ("step", "photos"):  # both are the horizontal axis
                writer.add_scalar(f"training/{name}", value, int(row["step"]))

    try:
        yield report
    finally:
        writer.close()
