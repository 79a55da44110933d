"""What a script learns of its inputs from the code that submits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileReport
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

_REGISTERS = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
Dataset.Tabular.from_delimited_files("https://wines.example/a.csv").register(ws, "wines")
"""
_SUBMITS = """\
from azureml.core import Dataset, ScriptRunConfig, Workspace

ws = Workspace.from_config()
wines = Dataset.get_by_name(ws, "wines").as_named_input("raw")
job = ScriptRunConfig({folder}, "a.py", arguments=["--in", wines], compute_target="c")
"""
_SCRIPT = """\
import pandas as pd
from azureml.core import Run

table = Run.get_context().input_datasets["raw"].to_pandas_dataframe()
"""


@pytest.mark.parametrize("folder", ['"scripts"', '"./scripts"', '".\\\\scripts"'])
def test_a_script_reads_what_its_job_gives_it(tmp_path: Path, folder: str) -> None:
    (tmp_path / "scripts").mkdir()
    files = {"register.py": _REGISTERS, "submit.py": _SUBMITS.format(folder=folder), "scripts/a.py": _SCRIPT}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    texts = {report.path.name: report.after.decode() for report in run([tmp_path], Settings())}
    assert 'Input(type="uri_file"' in texts["submit.py"]
    assert 'table = pd.read_csv(os.environ["AZURE_ML_INPUT_raw"])' in texts["a.py"]


_OF_TWO = """\
from azureml.core import Dataset, ScriptRunConfig, Workspace

ws = Workspace.from_config()
data = Dataset.{}((ws.get_default_datastore(), {!r})).as_named_input("raw"){}
job = ScriptRunConfig("scripts", "a.py", arguments=[{}data], compute_target="c")
"""


def _converted(tmp_path: Path, files: dict[str, str]) -> FileReport:
    (tmp_path / "scripts").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return next(report for report in run([tmp_path], Settings()) if report.path.name == "a.py")


def test_a_script_that_gets_a_table_here_and_files_there_is_for_review(tmp_path: Path) -> None:
    files = {
        "one.py": _OF_TWO.format("Tabular.from_delimited_files", "a.csv", "", ""),
        "two.py": _OF_TWO.format("File.from_files", "images", ".as_mount()", ""),
        "scripts/a.py": _SCRIPT,
    }
    found = _converted(tmp_path, files)
    assert 'table = pd.read_csv(os.environ["AZURE_ML_INPUT_raw"])' in found.after.decode()
    assert any("uri_file and uri_folder: they have to agree" in finding.message for finding in found.findings)


def test_what_all_that_submit_a_script_have_in_common_is_the_path(tmp_path: Path) -> None:
    script = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--in', dest='where')\n"
    script += f"args = parser.parse_args()\n{_SCRIPT}"
    files = {
        "one.py": _OF_TWO.format("Tabular.from_delimited_files", "a.csv", "", '"--in", '),
        "two.py": _OF_TWO.format("Tabular.from_delimited_files", "b.csv", "", ""),
        "scripts/a.py": script,
    }
    found = _converted(tmp_path, files)
    assert 'pd.read_csv(os.environ["AZURE_ML_INPUT_raw"])' in found.after.decode()
    assert not any("agree" in finding.message for finding in found.findings)


_STAYS = """\
from azureml.contrib.probes import Probe
from azureml.core import Dataset, ScriptRunConfig, Workspace

ws = Workspace.from_config()
data = Dataset.get_by_name(ws, "wines").as_named_input("raw")
Probe(ScriptRunConfig("scripts", "a.py", arguments=["--in", data], compute_target="c"))
"""
_BY_ID = """\
import argparse

from azureml.core import Dataset, Run

parser = argparse.ArgumentParser()
parser.add_argument("--in", dest="rows")
args = parser.parse_args()
table = Dataset.get_by_id(Run.get_context().experiment.workspace, args.rows).to_pandas_dataframe()
"""


@pytest.mark.parametrize(("script", "line"), [(_SCRIPT, "input_datasets"), (_BY_ID, "Dataset.get_by_id(")])
def test_a_script_reads_what_sdk_v1_gives_it_where_all_that_submits_it_stays(
    tmp_path: Path, script: str, line: str
) -> None:
    report = _converted(tmp_path, {"submit.py": _STAYS, "scripts/a.py": script})
    assert f"{line}" in report.after.decode() and "mltable" not in report.after.decode()
    assert any("submit.py submits this script and stays SDK v1" in finding.message for finding in report.findings)


def test_a_script_that_one_of_two_submits_with_sdk_v2_is_converted(tmp_path: Path) -> None:
    other = _SUBMITS.format(folder='"scripts"')
    files = {"register.py": _REGISTERS, "submit.py": _STAYS, "other.py": other, "scripts/a.py": _SCRIPT}
    assert "input_datasets" not in _converted(tmp_path, files).after.decode()
