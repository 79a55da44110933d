"""Pickles are loaded by processes that are forked from one interpreter: none reaches another, or us."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.files import predictor
from amlbridge.compare.files.predictor import Predictor


class Calls:
    """A pickle that calls a function when it is loaded."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Any]:
    made = Predictor()

    def ask(thing: Any) -> Any:
        path = tmp_path / "m.pkl"
        path.write_bytes(pickle.dumps(thing))
        return made.ask(path, None)["values"]

    yield ask
    made.end()


def test_each_pickle_has_a_process_of_its_own_in_a_folder_of_its_own(asked: Any) -> None:
    first, second = asked(Calls(os.getpid)), asked(Calls(os.getpid))
    assert len({first, second, os.getpid()}) == 3
    assert asked(Calls(os.getppid)) == asked(Calls(os.getppid)), "one interpreter for all"
    places = asked(Calls(os.getcwd)), asked(Calls(os.getcwd))
    assert places[0] != places[1]
    assert str(Path.cwd()) not in places


def test_what_a_model_names_is_imported_once_for_all(asked: Any) -> None:
    from sklearn.linear_model import LinearRegression

    seen = Calls(eval, "'skl' + 'earn' in __import__('sys').modules")
    assert not asked(seen)
    assert len(asked(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]))) == 256
    assert asked(seen)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (Calls(os._exit, 7), "exit code 7"),
        (Calls(os.abort), "exit code -6"),
        (Calls(exec, "raise SystemExit('no such licence')"), "no such licence"),
        (Calls(exec, "import os; os.write(2, b'corrupted'); os._exit(1)"), "corrupted"),
        (Calls(exec, "raise ValueError('of another version')"), "ValueError: of another version"),
    ],
)
def test_a_pickle_that_ends_its_process_is_told_and_the_next_is_loaded(asked: Any, call: Any, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        asked(call)
    assert asked({"weight": 2.5}) == {"weight": 2.5}


def test_a_pickle_that_ends_the_interpreter_is_told_and_the_next_is_loaded(asked: Any) -> None:
    with pytest.raises(UnreadableError, match="exit code -9"):
        asked(Calls(exec, "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)"))
    assert asked({"weight": 2.5}) == {"weight": 2.5}


def test_what_a_pickle_prints_and_reads_reaches_nobody(asked: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert asked(Calls(eval, "print('17') or input.__name__")) == "input"
    with pytest.raises(UnreadableError, match="EOFError"):
        asked(Calls(eval, "input()"))
    assert capfd.readouterr() == ("", "")


def test_a_pickle_that_takes_too_long_is_ended(asked: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(predictor, "PATIENCE", 0.5)
    pid = tmp_path / "pid"
    script = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    with pytest.raises(UnreadableError, match="did not load and predict"):
        asked(Calls(exec, script))
    monkeypatch.undo()
    assert asked({"weight": 2.5}) == {"weight": 2.5}
    assert not pid.exists() or not _runs(int(pid.read_text()))


def _runs(pid: int) -> bool:
    """Whether a process has not ended; that of another interpreter is a zombie until somebody asks for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_interpreter_that_died_while_nobody_asked_is_started_again(asked: Any) -> None:
    died = asked(Calls(os.getppid))
    os.kill(died, signal.SIGKILL)
    os.waitid(os.P_PID, died, os.WEXITED | os.WNOWAIT)  # it has ended, and is not known to have
    assert asked(Calls(os.getppid)) != died
