"""Datasets that one module registers and another looks up by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText, Registered
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON

REGISTERS = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
Dataset.File.from_files((store, "a")).register(ws, name="one folder", create_new_version=True)
Dataset.File.from_files((store, "a/*.png")).register(ws, "images")
Dataset.Tabular.from_delimited_files((store, "a/x.csv")).register(workspace=ws, name="one-file")
Dataset.Tabular.from_delimited_files((store, "a/*.csv")).register(workspace=ws, name="rows")
"""
READS = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
data = {}
arguments = ["--data", data.as_named_input("data"){}]
config = ScriptRunConfig("src", "train.py", arguments=arguments, compute_target="cpu", environment=env)
Experiment(ws, "train").submit(config)
"""
WAYS = ("Dataset.get_by_name(ws, {!r})", "ws.datasets[{!r}]", "ws.datasets.get({!r})")


def _converted(reads: str, registers: str = REGISTERS) -> str:
    modules = [ModuleText(Path("p/data.py"), registers), ModuleText(Path("p/jobs/train.py"), reads)]
    return convert_module(modules[1], build_project(modules, PYTHON), PYTHON).text


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "mode", "kind"),
    [
        ("one folder", "", '"uri_folder", path=data.id'),
        ("images", ".as_mount()", '"mltable", path=data.id, mode="eval_mount"'),
        ("one-file", "", '"uri_file", path=data.id'),
        ("rows", "", '"mltable", path=data.id'),
        ("unknown", ".as_download()", '"uri_folder", path=data.id, mode="download"'),
    ],
)
def test_the_type_is_that_of_the_registration(way: str, name: str, mode: str, kind: str) -> None:
    assert f"Input(type={kind})" in _converted(READS.format(way.format(name), mode))


@pytest.mark.parametrize("way", WAYS)
def test_a_table_that_becomes_a_file_has_to_be_registered_again(way: str) -> None:
    """In the workspace is the table that SDK v1 has registered, until the converted registration has run."""

    def told(name: str) -> list[str]:
        reads = READS.format(way.format(name), "")
        modules = [ModuleText(Path("p/data.py"), REGISTERS), ModuleText(Path("p/train.py"), reads)]
        found = convert_module(modules[1], build_project(modules, PYTHON), PYTHON).findings
        return [finding.message for finding in found if "run that first" in finding.message]

    assert len(told("one-file")) == 1
    assert not told("rows") and not told("one folder") and not told("unknown")


@pytest.mark.parametrize(
    ("reads", "kind"),
    [
        (READS.format('Dataset.get_by_name(ws, "frame")', ""), 'Input(type="uri_file", path=data.id)'),
        (
            "import sys\nfrom azureml.core import Dataset, Run\nws = Run.get_context().experiment.workspace\n"
            'print(Dataset.get_by_name(ws, "frame").to_pandas_dataframe())\n',
            "pandas.read_csv(",
        ),
    ],
)
def test_a_data_frame_that_is_registered_is_a_file(reads: str, kind: str) -> None:
    registers = "from azureml.core import Dataset, Workspace\nws = Workspace.from_config()\n"
    registers += 'Dataset.Tabular.register_pandas_dataframe(frame, ws.get_default_datastore(), "frame")\n'
    assert kind in _converted(reads, registers)


def test_a_data_frame_is_an_mltable_where_a_script_reads_any_table() -> None:
    """Who reads it and who registers it have to agree: which dataset the script reads is an argument."""
    registers = "from azureml.core import Dataset, Workspace\nws = Workspace.from_config()\n"
    registers += 'Dataset.Tabular.register_pandas_dataframe(frame, ws.get_default_datastore(), "frame")\n'
    reads = (
        "from azureml.core import Dataset, Run\nws = Run.get_context().experiment.workspace\n"
        "print(Dataset.get_by_name(ws, args.dataset).to_pandas_dataframe())\n"
    )
    modules = [ModuleText(Path("a.py"), registers), ModuleText(Path("b.py"), reads)]
    project = build_project(modules, PYTHON)
    texts = [convert_module(module, project, PYTHON).text for module in modules]
    assert 'Data(name="frame", path="frame", type="mltable")' in texts[0] and "mltable.load(" in texts[1]


@pytest.mark.parametrize("way", WAYS)
def test_the_registration_of_the_same_module_counts_first(way: str) -> None:
    made = 'Dataset.File.from_files((ws.get_default_datastore(), "b")).register(ws, "rows")\ndata ='
    assert 'Input(type="uri_folder", path=data.id)' in _converted(
        READS.format(way.format("rows"), "").replace("data =", made)
    )


def test_a_name_of_two_kinds_tells_nothing() -> None:
    other = 'Dataset.Tabular.from_delimited_files((store, "a/*.csv")).register(ws, "one folder")\n'
    modules = [
        ModuleText(Path("a.py"), REGISTERS + other),
        ModuleText(Path("b.py"), READS.format(WAYS[0].format("rows"), "")),
    ]
    found = build_project(modules, PYTHON).registrations.known
    assert found["rows"] == Registered("mltable")
    assert "one folder" not in found


@pytest.mark.parametrize(("name", "kind"), [("args.name", "mltable"), ("NAME", "uri_file"), ("'rows'", "uri_file")])
def test_a_file_is_a_table_where_any_dataset_may_be_read_by_rows(name: str, kind: str) -> None:
    reads = f"NAME = 'rows'\nfrom azureml.core import Dataset\nrows = Dataset.get_by_name(ws, {name})\n"
    modules = [
        ModuleText(Path("a.py"), REGISTERS),
        ModuleText(Path("b.py"), reads + "print(rows.to_pandas_dataframe())\n"),
    ]
    text = convert_module(modules[0], build_project(modules, PYTHON), PYTHON).text
    assert ('type="uri_file"' in text) is (kind == "uri_file")
    assert text.count('type="mltable"') == (2 if kind == "uri_file" else 3)


def test_automl_reads_a_file_that_another_module_registers_as_a_table() -> None:
    text = _converted(
        """\
from azureml.core import Dataset, Workspace
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
rows = Dataset.get_by_name(ws, "one-file")
config = AutoMLConfig(task="regression", training_data=rows, label_column_name="y", compute_target="cpu")
"""
    )
    assert 'mltable.from_delimited_files([{"file": rows.path}]).save("rows_mltable")\nconfig = ' in text
    assert 'training_data=Input(type="mltable", path="rows_mltable")' in text


def test_a_name_that_modules_register_as_two_types_is_for_review() -> None:
    """SDK v2 refuses a version of another type than those before."""
    head = REGISTERS.split("Dataset.File")[0]
    modules = [
        ModuleText(Path("one.py"), f'{head}Dataset.File.from_files((store, "a/x.csv")).register(ws, "prices")\n'),
        ModuleText(
            Path("all.py"), f'{head}Dataset.Tabular.from_delimited_files((store, "a/*.csv")).register(ws, "prices")\n'
        ),
        ModuleText(Path("read.py"), f'{head}print(Dataset.get_by_name(ws, "prices").to_pandas_dataframe())\n'),
        ModuleText(Path("else.py"), f'{head}Dataset.File.from_files((store, "b")).register(ws, "others")\n'),
    ]
    project = build_project(modules, PYTHON)
    told = [[finding.message for finding in convert_module(module, project, PYTHON).findings] for module in modules]
    said = ["'prices' is mltable in all.py and uri_file in one.py" in " ".join(messages) for messages in told]
    assert said == [True, True, True, False]
