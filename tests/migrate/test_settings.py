"""Settings from pyproject.toml and setup.cfg."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.module import Options
from amlbridge.migrate.settings import Settings, SettingsError, load

TOML = """
[tool.amlbridge.migrate]
select = ["workspace", "runs"]
exclude = ["legacy/*"]
components = "python"
fail-on = "manual"
jobs = 3
"""
INI = """
[amlbridge:migrate]
select = workspace, runs
exclude = legacy/*
components = python
fail_on = manual
jobs = 3
"""


@pytest.mark.parametrize(("name", "text"), [("pyproject.toml", TOML), ("setup.cfg", INI)])
def test_both_files_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "sub").mkdir()
    options = Options(components="python", select=frozenset({"workspace", "runs"}))
    assert load(tmp_path / "sub") == Settings(options, ("legacy/*",), 3, "manual")


def test_the_line_length_is_that_of_the_users_formatter(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert load(tmp_path).options.line_length == 88
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 100\n")
    assert load(tmp_path).options.line_length == 100
    (tmp_path / "pyproject.toml").write_text(
        "[tool.black]\nline-length = 100\n[tool.amlbridge.migrate]\nline-length = 79\n"
    )
    assert load(tmp_path).options.line_length == 79


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.amlbridge.migrate]\nselekt = []", "there is no setting 'selekt'"),
        ("[tool.amlbridge.migrate]\ncomponents = 'json'", "one of yaml, python"),
        ("[tool.amlbridge.migrate]\njobs = -1", "a number from 0 up"),
        ("[tool.amlbridge.migrate]\nselect = [1]", "a list of strings"),
        ("[tool.amlbridge]\nmigrate = 1", "has to be a table"),
        ("[tool\n", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError, match=said) as error:
        load(tmp_path)
    assert "pyproject.toml" in str(error.value)


def test_what_is_above_the_project_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TOML)
    (tmp_path / "project" / ".git").mkdir(parents=True)
    assert load(tmp_path / "project") == Settings()
