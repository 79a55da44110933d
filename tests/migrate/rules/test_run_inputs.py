"""Inputs by name, models and their paths, beside the cases of the rules."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import check_transformed, convert

HEAD = "from azureml.core import Run\nrun = Run.get_context()\n"
PARSER = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--data")
args = parser.parse_args()
print(args.rate)
"""


def test_the_argument_that_nothing_reads_is_the_path() -> None:
    found = convert(HEAD + PARSER + "table = run.input_datasets['t'].to_pandas_dataframe()\n")
    assert found.text.endswith("table = mltable.load(args.data).to_pandas_dataframe()\n")
    assert any("args.data" in finding.message for finding in found.findings if finding.status is Status.REVIEW)


@pytest.mark.parametrize(
    "more", ["print(args.data)\n", 'parser.add_argument("--other")\n', "x = run.input_datasets['other']\n"]
)
def test_without_such_an_argument_it_is_the_variable_of_the_job(more: str) -> None:
    found = convert(HEAD + PARSER + more + "table = run.input_datasets['t'].to_pandas_dataframe()\n")
    assert 'mltable.load(os.environ["AZURE_ML_INPUT_t"]).to_pandas_dataframe()' in found.text


@pytest.mark.parametrize(
    ("option", "is_taken"),
    [("--run-date", False), ("--epochs", False), ("--output-path", False), ("--orders-2020", True), ("--in", True)],
)
def test_an_argument_that_nothing_reads_is_the_path_where_it_may_be_one(option: str, is_taken: bool) -> None:
    code = f"import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument({option!r}, dest='a')\n"
    code += "args = parser.parse_args()\nfolder = run.input_datasets['orders']\nprint(folder)\n"
    found = convert(HEAD + code)
    assert ("folder = args.a\n" in found.text) is is_taken
    assert ('folder = os.environ["AZURE_ML_INPUT_orders"]\n' in found.text) is not is_taken


def test_arguments_that_are_parsed_elsewhere_are_not_taken() -> None:
    main = "import argparse\ndef main():\n    parser = argparse.ArgumentParser()\n"
    main += "    parser.add_argument('--data')\n    args = parser.parse_args()\n"
    found = convert(HEAD + main + "def read():\n    return run.input_datasets['t'].to_pandas_dataframe()\n")
    assert 'os.environ["AZURE_ML_INPUT_t"]' in found.text


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("file = open(run.input_datasets['f'])", 'file = open(os.environ["AZURE_ML_INPUT_f"])'),
        ("path = run.input_datasets.get('f')", 'path = os.environ["AZURE_ML_INPUT_f"]'),
        ("path = run.input_datasets[name]", 'path = os.environ["AZURE_ML_INPUT_" + name]'),
        ("path = run.output_datasets['f']", 'path = os.environ["AZURE_ML_OUTPUT_f"]'),
    ],
)  # fmt: skip
def test_files_are_paths(code: str, after: str) -> None:
    check_transformed(HEAD + code + "\n", f"import os\n{after}\n", status=Status.REVIEW)


def test_the_methods_of_tables() -> None:
    found = convert(
        HEAD + "t = run.input_datasets['t']\n"
        "x = t.with_timestamp_columns(None).keep_columns(columns=['a'], validate=True).to_pandas_dataframe()\n"
        "y = t.take_sample(0.5, seed=1)\n"
    )
    assert 'x = t.keep_columns(columns=["a"]).to_pandas_dataframe()' in found.text
    assert "y = t.take_random_sample(0.5, seed=1)" in found.text
    assert "azureml" not in found.text


def test_the_collection_itself_is_left() -> None:
    found = convert(HEAD + "for name in run.input_datasets:\n    print(name)\n")
    assert "# TODO(amlbridge run-inputs)" in found.text and "run = Run.get_context()" in found.text


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("'ridge.pkl'", 'os.path.join(os.environ["AZUREML_MODEL_DIR"], "ridge.pkl")'),
        ("'ridge'", 'str(next(Path(os.environ["AZUREML_MODEL_DIR"]).iterdir()))'),
        ("NAME", 'str(next(Path(os.environ["AZUREML_MODEL_DIR"]).iterdir()))'),
    ],
)
def test_the_model_of_a_deployment(name: str, path: str) -> None:
    script = "from azureml.core.model import Model\ndef init():\n    global p\n    p = Model.get_model_path({})\n"
    found = convert(script.format(name) + "def run(data):\n    return p\n")
    assert f"    p = {path}\n" in found.text and "azureml.core" not in found.text
    assert [finding.status for finding in found.findings] == [Status.REVIEW]


def test_entry_scripts_of_parallel_runs_download_the_model() -> None:
    script = "from azureml.core.model import Model\ndef init():\n    global p\n    p = Model.get_model_path('m')\n"
    found = convert(script + "def run(mini_batch):\n    return p\n")
    assert '    registered_model = ml_client.models.get("m", label="latest")\n' in found.text
    assert "AZUREML_MODEL_DIR" not in found.text


def test_the_client_is_made_once_in_a_block() -> None:
    found = convert(HEAD + "a = run.get_secret('a')\nif a:\n    b = run.get_secret('b')\n")
    assert found.text.count("MLClient(") == 1 and found.text.count("SecretClient(") == 1


def test_the_client_is_made_inside_of_the_branch_that_needs_it() -> None:
    found = convert(HEAD + "if online:\n    a = run.get_secret('a')\nelse:\n    a = 'x'\n")
    assert "if online:\n    ml_client = MLClient(" in found.text


def test_a_model_with_a_path_from_a_variable() -> None:
    found = convert(HEAD + "run.register_model(name, path, model_framework='x')\n")
    assert 'path=f"azureml://jobs/{run.info.run_id}/outputs/artifacts/paths/{path}"' in found.text
    assert any("model_framework" in finding.message for finding in found.findings)


SUBMITTING = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "table")
config = ScriptRunConfig(
    source_directory=".",
    script="train.py",
    arguments=["--table", table.as_named_input("t"), "--other", images.as_named_input("i").as_mount()],
    compute_target="cpu",
)
Experiment(ws, "train").submit(config)
"""


def test_the_submitting_side_says_which_argument_has_the_path() -> None:
    script = PARSER.replace('"--data"', '"--table"').replace("print(args.rate)", "print(args)")
    submitting = ModuleText(Path("/p/submit.py"), SUBMITTING)
    module = ModuleText(Path("/p/train.py"), HEAD + script + "t = run.input_datasets['t'].to_pandas_dataframe()\n")
    project = build_project([submitting, module], Options())
    found = convert_module(module, project, Options())
    assert found.text.endswith("t = mltable.load(args.table).to_pandas_dataframe()\n")
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    other = convert_module(submitting, project, Options())
    assert "--table ${{inputs.t}}" in other.text


def test_inputs_that_are_printed_are_their_paths() -> None:
    text = convert("from azureml.core import Run\n\nrun = Run.get_context()\nprint(run.input_datasets)\n").text
    assert 'if name.startswith("AZURE_ML_INPUT_")' in text and "azureml" not in text
    namespace = {"__name__": "script"}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as out:
        patch.setenv("AZURE_ML_INPUT_sales", "/data/sales")
        exec(text, namespace)
    assert "'sales': '/data/sales'" in out.getvalue()


SHOWN = "table = run.input_datasets['t']\n{}\nframe = table.to_pandas_dataframe()\n"


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ('print(f"id: {table.id}")', 'print(f"id: {table}")'),
        ('print("data", table.name, table.version)', 'print("data", table, table)'),
        ('print("{} rows".format(table.id))', 'print("{} rows".format(table))'),
    ],
)
def test_what_the_job_has_is_shown_for_the_id_of_an_input(code: str, after: str) -> None:
    found = convert(HEAD + SHOWN.format(code))
    assert f"\n{after}\nframe = table.to_pandas_dataframe()\n" in found.text
    assert any("is shown instead" in finding.message for finding in found.findings)


@pytest.mark.parametrize(
    "code", ["run.log('id', table.id)", "tags = {'id': table.id}", "if flag:\n    table = other\nprint(table.id)"]
)
def test_an_id_that_is_kept_is_left(code: str) -> None:
    assert "azureml.core" in convert(HEAD + SHOWN.format(code)).text
