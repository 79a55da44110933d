"""Why a script failed, in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amlbridge.engine.cause import advice, cause
from amlbridge.engine.failure import last_words

CHAINED = """
try:
    {}["a"]
except KeyError:
    raise ValueError("no such column: a")
"""
#: How azureml's exceptions print themselves.
AZUREML = r"""
class UserErrorException(Exception):
    __module__ = "builtins"

    def __str__(self):
        return "UserErrorException:\n\tMessage: the path is gone\n\tInnerException None"
raise UserErrorException
"""


def words(folder: Path, *command: str) -> tuple[str, int]:
    log = folder / "log"
    with log.open("wb") as file:
        code = subprocess.run(command, stdout=file, stderr=file, cwd=folder, check=False).returncode
    return last_words(log), code


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (CHAINED, "ValueError: no such column: a"),
        (AZUREML, "UserErrorException: UserErrorException: the path is gone"),
        ("raise SystemExit(3)", ""),
        ("print('an old warning'); raise SystemExit(1)", ""),
        (
            "import argparse; argparse.ArgumentParser(prog='x').parse_args(['--k'])",
            "x: error: unrecognized arguments: --k",
        ),
        ("raise ValueError", "ValueError"),
        ("raise ValueError('a' * 1000)", "ValueError: " + "a" * 287 + "…"),
        ("def (:", "SyntaxError: invalid syntax"),
        (
            "import json\njson.loads('{')",
            "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: ",
        ),
    ],
)
def test_the_line_that_says_why(tmp_path: Path, script: str, said: str) -> None:
    (tmp_path / "x.py").write_text(script)
    found, code = words(tmp_path, sys.executable, "x.py")
    assert cause(found, code).startswith(said) if said else cause(found, code) == ""
    assert advice(found, code, sys.executable) == ""


def test_missing_packages_and_programs(tmp_path: Path) -> None:
    found, code = words(tmp_path, sys.executable, "-c", "import a_package_of_nobody.part")
    assert cause(found, code) == "ModuleNotFoundError: No module named 'a_package_of_nobody'"
    told = advice(found, code, "/python")
    assert "a_package_of_nobody" in told and "(/python)" in told and "--environments uv" in told
    found, code = words(tmp_path, "bash", "-c", "a_program_of_nobody x.R")
    assert cause(found, code).endswith("a_program_of_nobody: command not found")
    assert "without containers" in advice(found, code, None)
