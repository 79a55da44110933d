"""Which shell lines run as a Python program without a shell."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.console_scripts import words
from amlbridge.engine.launch.base import Launch
from amlbridge.engine.launch.scan import inspect


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with mldesigner, and another program."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("mldesigner", "mlflow"):
        (folder / name).write_text(f"#!{folder}/python\nimport sys\n")
    return str(folder / "python")


def program(python: str) -> str:
    return str(Path(python).with_name("mldesigner"))


def test_a_call_of_mldesigner(python: str) -> None:
    line = "mldesigner execute --source a.py --inputs text='a $b' n='3' --outputs o=/data/o"
    expected = ("execute", "--source", "a.py", "--inputs", "text=a $b", "n=3", "--outputs", "o=/data/o")
    assert words(line, python) == (program(python), *expected)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "mlflow ui",
        "mldesigner execute > log",
        "mldesigner execute; ls",
        "mldesigner execute $HOME",
        'mldesigner execute "a b"',
        "mldesigner execute 'a",
        "mldesigner execute\nls",
        "X=1 mldesigner execute",
    ],
)
def test_lines_for_a_shell(python: str, line: str) -> None:
    assert words(line, python) is None


def test_a_program_of_another_interpreter_or_none(python: str, tmp_path: Path) -> None:
    assert words("mldesigner execute", str(tmp_path / "python")) is None
    (tmp_path / "mldesigner").write_text("#!/usr/bin/python3\n")
    assert words("mldesigner execute", str(tmp_path / "python")) is None
    assert words("mldesigner execute", None) is None


@given(st.lists(st.text(st.sampled_from("ab'\" $\\*-=/.;"), max_size=6), min_size=1, max_size=4))
def test_the_words_are_those_of_a_shell(python: str, arguments: list[str]) -> None:
    line = " ".join(["mldesigner", *map(shlex.quote, arguments)])
    found = words(line, python)
    if found is None:
        return
    shown = subprocess.run(
        ["/bin/bash", "-c", f"mldesigner() {{ printf '%s\\0' \"$@\"; }}; {line}"], capture_output=True, check=True
    )
    assert list(found[1:]) == shown.stdout.decode().split("\0")[:-1]


def test_such_a_program_may_be_forked_unless_the_steps_own_files_forbid_it(python: str, tmp_path: Path) -> None:
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "joblib.py").touch()
    argv = words("mldesigner execute --source a.py", python)
    assert argv is not None
    log = tmp_path / "log"
    found = inspect(Launch(argv=argv, python=python, cwd=tmp_path, env={}, stdout=log, stderr=log, step_id="s"))
    assert found.refusal is None
    assert found.names >= {"helpers", "joblib"}, "it adds the folder of the step to the search path"
    assert "mlflow" not in found.names, "a program of the environment is no module"
