"""What a script learns of its inputs from the code that submits it."""

from __future__ import annotations

from pathlib import Path

import pytest

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
