from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from modiste import __version__
from modiste.cli import terminal
from modiste.errors import DataError


def failing(error: Exception) -> typer.Typer:
    """A command line with one command, ``work``, that raises."""
    app = typer.Typer(cls=terminal.OneLineErrors, rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.callback()
    def group() -> None: ...

    @app.command()
    def work() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("photos.zip: no photos found"), "Error: photos.zip: no photos found\n"),
        (OSError(28, "No space left on device", "out.json"), "Error: out.json: No space left on device\n"),
        (OSError("odd"), "Error: odd\n"),
    ],
)
def test_failures_are_one_line_and_exit_1(error: Exception, line: str) -> None:
    done = CliRunner().invoke(failing(error), ["work"])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", line)


def test_bugs_are_not_hidden() -> None:
    done = CliRunner().invoke(failing(ZeroDivisionError("a bug")), ["work"])
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "Error: No such command 'trian'. Did you mean 'train'? Try: modiste --help\n"),
        (["index", "photos"], "Error: Missing option '--into'. Try: modiste index --help\n"),
        (["data"], "Error: Missing command. Try: modiste data --help\n"),
        (["models", "--jason"], "Error: No such option: --jason (Possible options: --json). Try: modiste"),
        (["serve", "--port", "70000"], "Error: Invalid value for '--port': "),
    ],
)
def test_misspelled_commands_are_one_line_and_exit_2(run, arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert done.err.startswith(message)
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_no_command_shows_help(run) -> None:
    done = run()
    assert done.code == 0
    assert done.out == run("--help").out
    assert "modiste serve photos.zip" in done.out


def test_version(run) -> None:
    assert run("--version").out == f"modiste {__version__}\n"


def test_installed_program_says_its_version() -> None:
    program = Path(sys.executable).with_name("modiste")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"modiste {__version__}\n"


def test_real_ctrl_c_leaves_no_traceback() -> None:
    long_work = (
        "import signal, sys, time, types\n"
        # Whoever runs the tests in the background has their processes ignore Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def learn(*args, **options):\n"
        "    print('learning', file=sys.stderr, flush=True)\n"
        "    time.sleep(60)\n"
        "sys.modules['modiste.learn'] = module = types.ModuleType('modiste.learn')\n"
        "module.learn = learn\n"
        "sys.argv = 'modiste train shop --splits splits --recipe quick -o model'.split()\n"
        "from modiste.cli import main\n"
        "main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", long_work], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "learning\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "Interrupted.\n")


def test_no_bars_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with terminal.progress_bars() as progress:
        progress(1, 2, "reading photos")
    assert capfd.readouterr() == ("", "")


class Screen(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bars_follow_steps_whose_figures_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    with terminal.progress_bars() as progress:
        progress(0, 10, "training, loss 3.00")
        progress(10, 10, "training, loss 0.50")
        progress(3, 3, "embedding")
    last_drawn = screen.getvalue().rpartition("training, ")[2]
    assert last_drawn.startswith("loss 0.50")
    assert "10/10" in last_drawn
    assert "embedding" in last_drawn
    with terminal.progress_bars(quiet=True) as progress:
        progress(1, 2, "nothing of this is shown")
    assert "nothing" not in screen.getvalue()


def test_json_knows_paths_and_numpy_numbers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answer = {"model": Path("runs/first"), "accuracy": np.float32(0.5), "name": "Søren"}
    terminal.print_json(answer)
    printed = capsys.readouterr().out
    assert '"model": "runs/first"' in printed
    assert '"accuracy": 0.5' in printed
    assert "Søren" in printed
    terminal.write_json(answer, tmp_path / "answer.json")
    assert (tmp_path / "answer.json").read_text(encoding="utf-8") == printed
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]
    with pytest.raises(TypeError, match="object has no JSON form"):
        terminal.print_json(object())
