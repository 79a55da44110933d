"""Where a script finds the file of a model: in the folder of its deployment, or in the workspace."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

LOAD_OF = "def load_of(name):\n    return load(Model.get_model_path(name))\n\n\n"
PARSED = "args = argparse.ArgumentParser().parse_args()\n\n\n"
IMPORTS = "import argparse\nfrom azureml.core import Model, Run\n\n\n"


def script(init: str, parameter: str, above: str = "") -> str:
    body = "".join(f"    {line}\n" for line in init.splitlines())
    functions = f"def init():\n    global model\n{body}\n\ndef run({parameter}):\n    return model({parameter})\n"
    return f"{IMPORTS}{above}{functions}"


@pytest.mark.parametrize(
    "text",
    [
        script('here = Run.get_context()\nmodel = load(Model.get_model_path("ridge"))', "data"),
        script('args, _ = PARSER.parse_known_args()\nmodel = load(Model.get_model_path("ridge"))', "data"),
        script(
            'model = load(Model.get_model_path("ridge"))', "data", "args = argparse.ArgumentParser().parse_args()\n\n\n"
        ),
        script('model = load(Model.get_model_path("ridge"))', "file_list"),
    ],
)
def test_the_entry_script_of_a_parallel_run_has_no_model_of_a_deployment(text: str) -> None:
    found = convert(text).text
    assert "AZUREML_MODEL_DIR" not in found
    assert 'ml_client.models.get("ridge", label="latest")' in found


def test_a_scoring_script_that_can_be_tried_from_a_command_line_is_one() -> None:
    text = script('model = load(Model.get_model_path("ridge"))', "data")
    found = convert(f'{text}\n\nif __name__ == "__main__":\n    print(run(argparse.ArgumentParser().parse_args()))\n')
    assert "AZUREML_MODEL_DIR" in found.text


@pytest.mark.parametrize(
    "text",
    [
        script("for name in NAMES:\n    model[name] = load(Model.get_model_path(model_name=name))", "data"),
        script("model = {name: load(Model.get_model_path(name)) for name in NAMES}", "data"),
        script(
            'model = load_of("ridge"), load_of("lasso")',
            "data",
            LOAD_OF,
        ),
    ],
)
def test_models_whose_names_are_known_at_run_time_have_a_folder_each(text: str) -> None:
    found = " ".join(convert(text).text.split())
    assert 'os.environ["AZUREML_MODEL_DIR"], "served_models", name' in found


def test_one_model_whose_name_is_known_at_run_time_is_the_only_one() -> None:
    text = script(
        "model = load_of(NAME)", "data", "def load_of(name):\n    return load(Model.get_model_path(name))\n\n\n"
    )
    assert "served_models" not in convert(text).text


_FIND = """\
import joblib
from azureml.core import Model{names}

{above}model = joblib.load(Model.get_model_path("ridge"))
"""


@pytest.mark.parametrize(
    ("path", "names", "above"),
    [
        ("try.ipynb", "", ""),
        ("try.py", ", Workspace", "def show():\n    print(Workspace.from_config().name)\n\n\n"),
    ],
)
def test_what_runs_in_no_job_finds_a_model_in_the_workspace_of_the_configuration(
    path: str, names: str, above: str
) -> None:
    conversion = convert(_FIND.format(names=names, above=above), path=path)
    assert "ml_client = MLClient.from_config(" in conversion.text and "AZUREML_ARM" not in conversion.text
    assert not any("identity of the job" in finding.message for finding in conversion.findings)


def test_a_script_of_a_job_finds_it_in_the_workspace_of_the_job() -> None:
    assert "AZUREML_ARM_WORKSPACE_NAME" in convert(_FIND.format(names="", above=""), path="train.py").text
