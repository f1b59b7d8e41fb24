import io
import subprocess
import sys
import threading
import time

import pytest

from jettison.progress import SILENT
from jettison.report.layout import PIPE_WIDTH
from jettison.report.terminal import Look, look_of, progress_on


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_pipes_always_get_the_same() -> None:
    """A pipe gets one fixed width and no colour, whatever the environment says."""
    assert look_of(io.StringIO(), {"TERM": "xterm", "COLUMNS": "47"}) == Look(PIPE_WIDTH, colour=False)


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_colour(environ: dict[str, str], *, colour: bool) -> None:
    """NO_COLOR and a dumb terminal turn colour off."""
    assert look_of(_Terminal(), environ).colour is colour


def test_silent_off_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is drawn on terminals only, not when quiet, and not on dumb ones."""
    monkeypatch.setenv("TERM", "xterm")
    with progress_on(io.StringIO()) as progress:
        assert progress is SILENT
    with progress_on(_Terminal(), quiet=True) as progress:
        assert progress is SILENT
    monkeypatch.setenv("TERM", "dumb")
    with progress_on(_Terminal()) as progress:
        assert progress is SILENT


def test_short_work_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that ends before the delay leaves the terminal untouched."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = _Terminal()
    with progress_on(terminal) as progress, progress.task("read", 100) as task:
        task.advance(100)
    assert terminal.getvalue() == ""


def test_long_work_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that lasts shows its name (escaped), how far it is and how fast, and is wiped at the end."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = _Terminal()
    with progress_on(terminal, delay=0.0) as progress, progress.task("read \x1b[2J[red]", 4_000_000) as task:
        for _ in range(3):
            task.advance(1_000_000)
            time.sleep(0.25)
    drawn = terminal.getvalue()
    assert "read \\x1b[2J[red]" in drawn
    assert "of 4.0 MB" in drawn
    assert "B/s" in drawn
    assert " left" in drawn
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_display_ends_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error or Ctrl-C ends the display too, and passes on."""
    monkeypatch.setenv("TERM", "xterm")

    def work() -> None:
        with progress_on(_Terminal(), delay=0.0) as progress, progress.task("x", None):
            time.sleep(0.3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_rich_is_not_loaded_for_nothing() -> None:
    """Importing the reports and drawing one does not load rich."""
    code = (
        "import sys; from tests.helpers import records; from jettison.report import layout, terminal, json\n"
        "from jettison.report.text.inspection import inspection_blocks\n"
        "layout.draw(inspection_blocks(records.inspection())); sys.exit('rich' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=__file__.split("/tests/")[0])
