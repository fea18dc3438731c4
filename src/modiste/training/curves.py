"""A run's history as a picture: what the loss and the learning rate did, and how large the photos were."""

from __future__ import annotations

from collections.abc import Sequence

from modiste.figures import AMBER, BLUE, INK, as_png, new_figure, tidy

__all__ = ["draw_history", "draw_label_history"]


def draw_history(history: Sequence[dict[str, float]], *, title: str) -> bytes:
    """A PNG of a run's ``history`` (see `modiste.training.Trained`), over the photos shown.

    Dotted lines stand where the size of the photos changes. ``ValueError`` for a history without rows.

    >>> rows = [{"photos": 512 * n, "loss": 9 / n, "rate": 1 / n, "height": 48, "width": 36} for n in (1, 2)]
    >>> draw_history(rows, title="two reports")[:4]
    b'\\x89PNG'
    """
    if not history:
        raise ValueError("expected at least one row of history, got none")
    shown = [row["photos"] for row in history]
    figure = new_figure(7, 4.6)
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    marker = "o" if len(history) == 1 else ""
    loss = [row["loss"] for row in history]
    losses.plot(shown, loss, color=BLUE, linewidth=1.8, marker=marker)
    rates.plot(shown, [row["rate"] for row in history], color=AMBER, linewidth=1.8, marker=marker)
    tidy(losses, y="loss (running mean)")
    tidy(rates, x="photos shown", y="learning rate\n(share of peak)")
    losses.set_ylim(bottom=min(0.0, *loss))
    rates.set_ylim(0, 1.05)
    rates.set_xlim(0, shown[-1])
    rates.xaxis.set_major_formatter("{x:,.0f}")
    for begins, size in _sizes(history):
        for axes in (losses, rates):
            axes.axvline(begins, color=INK, linewidth=0.9, linestyle=":")
        losses.annotate(
            f" {size}", (begins, 1), xycoords=("data", "axes fraction"), va="bottom", color=INK, fontsize=8
        )
    losses.set_title(title, color=INK, fontsize=11, loc="left", pad=18)
    return as_png(figure)


def draw_label_history(history: Sequence[dict[str, float]], *, title: str) -> bytes:
    """A PNG of the ``history`` of a run that taught labels (see `modiste.training.label_loop`), by epoch.

    The loss, with that on validation photos where there are any, and their F1. ``ValueError`` for no rows.

    >>> rows = [{"epoch": n, "loss": 1 / n, "val_loss": 2 / n, "val_f1_macro": 0.1 * n} for n in (1, 2)]
    >>> draw_label_history(rows, title="two epochs")[:4]
    b'\x89PNG'
    """
    if not history:
        raise ValueError("expected at least one row of history, got none")
    epochs = [row["epoch"] for row in history]
    judged = "val_loss" in history[0]
    figure = new_figure(7, 4.6 if judged else 3.2)
    panels = figure.subplots(2 if judged else 1, 1, sharex=True, squeeze=False)[:, 0]
    marker = "o" if len(history) == 1 else ""
    panels[0].plot(
        epochs, [row["loss"] for row in history], color=BLUE, linewidth=1.8, marker=marker, label="training"
    )
    if judged:
        losses, f1 = [row["val_loss"] for row in history], [row["val_f1_macro"] for row in history]
        panels[0].plot(
            epochs, losses, color=AMBER, linewidth=1.8, linestyle="--", marker=marker, label="validation"
        )
        panels[0].legend(frameon=False, labelcolor=INK)
        panels[1].plot(epochs, f1, color=AMBER, linewidth=1.8, linestyle="--", marker=marker)
        panels[1].set_ylim(0, 1.05)
        tidy(panels[1], x="epochs", y="macro-F1 (validation)")
    tidy(panels[0], x="" if judged else "epochs", y="loss")
    panels[0].set_ylim(bottom=0)
    panels[0].set_title(title, color=INK, fontsize=11, loc="left")
    return as_png(figure)


def _sizes(history: Sequence[dict[str, float]]) -> list[tuple[float, str]]:
    """Where photos of another size begin, in photos shown, and that size; to within one report."""
    found: list[tuple[float, str]] = []
    before = 0.0
    for row in history:
        size = f"{row['height']:g}×{row['width']:g} px"
        if not found or found[-1][1] != size:
            found.append((before, size))
        before = row["photos"]
    return found
