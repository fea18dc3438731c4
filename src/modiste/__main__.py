"""``python -m modiste`` is ``modiste``; ``torchrun -m modiste`` starts it several times over."""

from __future__ import annotations

from modiste.cli import main

if __name__ == "__main__":
    main()
