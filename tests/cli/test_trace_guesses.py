"""What a script seems to take for granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amlbridge.cli.trace_guesses import guesses


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, without variables that name computes."""
    monkeypatch.chdir(tmp_path)
    for name in ("AML_COMPUTE_NAME", "CLUSTER"):
        monkeypatch.delenv(name, raising=False)


def guessed(text: str, **beside: str) -> Any:
    """The guesses for a script with this text and these modules beside it."""
    Path("pipeline.py").write_text(text)
    for name, content in beside.items():
        Path(f"{name}.py").write_text(content)
    return json.loads(guesses(Path("pipeline.py")))


@pytest.mark.parametrize(
    ("text", "other", "kind"),
    [
        ("x = 1", "", "tabular"),
        ("raw.as_named_input('r').as_mount()", "", "file"),
        ("x = 1", "data.download('.')", "file"),
        ("raw.to_pandas_dataframe()", "data.download('.')", "tabular"),
        ("AutoMLConfig(training_data=t)\nother.as_mount()", "", "tabular"),
    ],
)
def test_the_type_of_datasets_is_what_the_script_does_with_them(text: str, other: str, kind: str) -> None:
    assert guessed(text, helper=other)["type"] == kind


def test_a_variable_tells_the_type_of_its_dataset() -> None:
    found = guessed(
        """
raw = Dataset.get_by_name(ws, "raw files")
table = Dataset.get_by_name(workspace=ws, name="x") if False else Dataset.get_by_name(ws, name='table')
images = ws.datasets["images"]
step(raw.as_named_input("a").as_mount(), images.as_download())
print(table.to_pandas_dataframe())
"""
    )
    assert found["types"] == {"raw files": "file", "images": "file"}
    assert guessed('t = Dataset.get_by_name(ws, "t")\nt.to_pandas_dataframe()')["types"] == {"t": "tabular"}


def test_computes_are_named_in_the_code_in_settings_and_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("conf").mkdir()
    Path("conf/a.json").write_text('{"compute_target": "from-json", "vm": "x", "compute": null, "my_cluster": "two"}')
    Path("b.yml").write_text(
        "training:\n  compute_name: from-yaml\n  cluster_vm: STANDARD_D2\n  compute: local # here\n"
    )
    monkeypatch.setenv("AML_COMPUTE_NAME", "from-env")
    found = guessed('PythonScriptStep(compute_target="one")\nws.compute_targets["three"]\n')
    assert found["computes"] == ["from-env", "from-json", "from-yaml", "one", "three", "two"]
