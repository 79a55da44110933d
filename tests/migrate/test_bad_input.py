"""What cannot be converted is told, and the rest of the run goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amlbridge.migrate import file
from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status, Summary
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.notebooks.notebook import Notebook
from amlbridge.migrate.project.modules import Project
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

from .notebooks.cells import code, notebook

GOOD = "from azureml.core import Workspace\n\nws = Workspace.from_config()\n"
ONE = Settings(jobs=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.py").write_text(GOOD)
    return tmp_path


def by_name(folder: Path, settings: Settings = ONE) -> dict[str, FileReport]:
    reports = {report.path.relative_to(folder).as_posix(): report for report in run([folder], settings)}
    assert reports["good.py"].status is FileStatus.MIGRATED, reports["good.py"].findings
    return reports


@pytest.mark.parametrize(
    ("name", "content", "status", "rule"),
    [
        ("old.py", b"import azureml.core\nprint 'x'\n", FileStatus.FAILED, "python-2"),
        ("open.py", b"import azureml.core\nx = (\n", FileStatus.FAILED, "syntax-error"),
        ("deep.py", b"import azureml\nx = " + b"(" * 50_000, FileStatus.FAILED, "syntax-error"),
        ("nul.py", b"import azureml\0", FileStatus.FAILED, "binary"),
        ("program.py", b"\x7fELF\0\0\1\2", FileStatus.UNCHANGED, "binary"),
        ("big.py", b"import azureml\n" + b"x = 1\n" * 1_700_000, FileStatus.FAILED, "too-large"),
        ("latin.py", "import azureml\nx = 'é'\n".encode("latin-1"), FileStatus.FAILED, "encoding"),
        ("broken.ipynb", b'{"cells": [{"azureml"', FileStatus.FAILED, "notebook"),
        ("r.ipynb", notebook(code("library(azureml)"), language="R"), FileStatus.UNCHANGED, "not-python"),
    ],
)
def test_bad_files(folder: Path, name: str, content: bytes, status: FileStatus, rule: str) -> None:
    (folder / name).write_bytes(content)
    report = by_name(folder)[name]
    (finding,) = report.findings
    assert (report.status, finding.rule) == (status, rule)
    assert finding.message
    assert report.after == report.before == content


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"x = 1", b"print 'python 2, no azure'\n", b"\xef\xbb\xbf", b"\xff\xfe"]
)
def test_files_without_sdk_v1_stay_as_they_are(folder: Path, content: bytes) -> None:
    (folder / "other.py").write_bytes(content)
    report = by_name(folder)["other.py"]
    assert report.status is FileStatus.UNCHANGED
    assert report.before == report.after


@pytest.mark.parametrize(
    ("before", "newline"),
    [
        (GOOD.encode(), b"\n"),
        (GOOD.replace("\n", "\r\n").encode(), b"\r\n"),
        (b"\xef\xbb\xbf" + GOOD.encode(), b"\n"),
        (f"# coding: latin-1\n# é\n{GOOD}".encode("latin-1"), b"\n"),
        (GOOD.rstrip("\n").encode(), b"\n"),
    ],
)
def test_encodings_and_line_ends_survive_a_conversion(folder: Path, before: bytes, newline: bytes) -> None:
    (folder / "file.py").write_bytes(before)
    report = by_name(folder)["file.py"]
    assert report.status is FileStatus.MIGRATED
    after = report.after
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
    assert (b"\xe9" in after) == (b"\xe9" in before)
    assert after.count(newline) == after.count(b"\n") and (b"\r" in after) == (newline == b"\r\n")
    assert after.endswith(newline) == before.endswith(newline)


def test_loops_of_links_end(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "self.py").symlink_to(folder / "self.py")
    (folder / "gone.py").symlink_to(folder / "nothing.py")
    reports = by_name(folder)
    assert set(reports) == {"good.py", "self.py", "gone.py"}
    assert [finding.rule for finding in reports["self.py"].findings] == ["unreadable"]


def test_a_file_with_two_names_is_converted_once(folder: Path) -> None:
    (folder / "zlink.py").symlink_to(folder / "good.py")
    assert set(by_name(folder)) == {"good.py"}


def test_what_must_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "closed.py").write_text(GOOD)
    (folder / "closed.py").chmod(0)
    if os.access(folder / "closed.py", os.R_OK):
        # Nothing is closed to root: let the read fail as it does for others.
        read = Path.read_bytes

        def refusing(path: Path) -> bytes:
            if path.name == "closed.py":
                raise PermissionError(13, "Permission denied")
            return read(path)

        monkeypatch.setattr(Path, "read_bytes", refusing)
    report = by_name(folder)["closed.py"]
    assert report.status is FileStatus.FAILED
    assert "Permission denied" in report.findings[0].message


def test_a_package_of_the_users_own_called_azureml_is_left(folder: Path) -> None:
    own = folder / "app"
    (own / "azureml").mkdir(parents=True)
    (own / "azureml" / "__init__.py").write_text("")
    (own / "azureml" / "helpers.py").write_text("Workspace = dict\n")
    (own / "use.py").write_text("from azureml.helpers import Workspace\n\nWorkspace()\n")
    (own / "real.py").write_text(GOOD)
    reports = by_name(folder)
    used = reports["app/use.py"]
    assert (used.status, [finding.rule for finding in used.findings]) == (FileStatus.UNCHANGED, ["own-package"])
    assert reports["app/real.py"].status is FileStatus.MIGRATED


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_rule_costs_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    real = file.convert_module

    def failing(module: ModuleText, project: Project, options: Options) -> Conversion:
        if module.path.name == "bad3.py":
            raise KeyError("lost")
        return real(module, project, options)

    monkeypatch.setattr(file, "convert_module", failing)
    for number in range(10):
        (folder / f"bad{number}.py").write_text(GOOD)
    reports = by_name(folder, Settings(jobs=jobs))
    assert Summary.of(reports.values()).by_status["failed"] == 1
    (finding,) = reports["bad3.py"].findings
    assert finding.rule == "internal-error" and "KeyError: 'lost'" in finding.message


def test_an_error_while_reading_costs_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(path: Path, content: bytes) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(Notebook, "read", failing)
    (folder / "bad.ipynb").write_bytes(notebook(code("import azureml.core")))
    report = by_name(folder)["bad.ipynb"]
    assert report.status is FileStatus.FAILED
    assert "RuntimeError: not foreseen" in report.findings[0].message


def test_a_process_that_dies_costs_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = file.convert_module

    def dying(module: ModuleText, project: Project, options: Options) -> Conversion:
        if module.path.name == "bad3.py":
            os._exit(9)
        return real(module, project, options)

    monkeypatch.setattr(file, "convert_module", dying)
    for number in range(10):
        (folder / f"bad{number}.py").write_text(GOOD)
    reports = by_name(folder, Settings(jobs=2))
    failed = [name for name, report in reports.items() if report.status is FileStatus.FAILED]
    assert failed == ["bad3.py"]
    assert "has died" in reports["bad3.py"].findings[0].message


@pytest.mark.parametrize("text", ["import (", "import azureml.core\n"])
def test_a_wrong_conversion_is_not_given_out_as_right(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    real = file.convert_module

    def wrong(module: ModuleText, project: Project, options: Options) -> Conversion:
        return Conversion(text) if module.path.name == "bad.py" else real(module, project, options)

    monkeypatch.setattr(file, "convert_module", wrong)
    (folder / "bad.py").write_text("import azureml.core\nx = 1\n")
    report = by_name(folder)["bad.py"]
    assert report.status is (FileStatus.FAILED if text == "import (" else FileStatus.PARTIAL)
    assert report.findings


def test_a_conversion_to_names_that_sdk_v2_lacks_is_taken_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = file.convert_module

    def wrong(module: ModuleText, project: Project, options: Options) -> Conversion:
        if module.path.name == "bad.py":
            finding = Finding("runs", "Run", Status.CONVERTED, 1, 1, "converted")
            return Conversion("import mlflow\nmlflow.log_thing(1)\n", (finding,), {"x.yml": "x"})
        return real(module, project, options)

    monkeypatch.setattr(file, "convert_module", wrong)
    (folder / "bad.py").write_text("import azureml.core\n")
    report = by_name(folder)["bad.py"]
    assert report.status is FileStatus.PARTIAL
    told, unknown = report.findings
    assert (told.rule, told.symbol, told.status) == ("taken-back", "Run", Status.MANUAL)
    assert (unknown.rule, unknown.status) == ("unknown-name", Status.MANUAL)
    assert report.after.decode() == f"# TODO(amlbridge taken-back): {told.message}\nimport azureml.core\n"
