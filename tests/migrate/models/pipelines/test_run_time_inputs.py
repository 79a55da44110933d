"""Steps whose inputs are listed when the code runs."""

from __future__ import annotations

from typing import Any

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

TEXT = """\
from azureml.core import Dataset, Workspace
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
out = PipelineData("out")
inputs = {"train": []}
words = {"train": []}
for name in NAMES:
    data = DatasetConsumptionConfig(name, Dataset.get_by_name(ws, name), mode=MODE)
    inputs["train"].append(data)
    words["train"] += [f"--{name}", data]
train = PythonScriptStep("train.py", name="train", arguments=["--out", out] + words["train"], inputs=inputs["train"],
    outputs=[out], compute_target="cpu", runconfig=env)
show = PythonScriptStep("show.py", name="show", arguments=["--in", out], inputs=[out], compute_target="cpu",
    runconfig=env)
pipeline = Pipeline(ws, steps=[train, show])
"""


def test_the_component_names_the_data_when_the_code_runs() -> None:
    conversion = convert(TEXT)
    text = flat(conversion.text)
    assert 'train_inputs = inputs_in(inputs["train"], words["train"])' in text
    assert "inputs={**train_inputs}" in text
    assert '"python train.py --out ${{outputs.out}} " + words_of(words["train"], train_inputs)' in text
    assert 'mode={"mount": "ro_mount"}.get(MODE, MODE)' in text
    assert "show = show_component(in_=train.outputs.out)" in text
    assert {finding.status for finding in conversion.findings} <= {Status.CONVERTED, Status.REVIEW}
    assert any("data_0" in finding.message for finding in conversion.findings)


def test_the_functions_name_data_once_and_quote_words() -> None:
    source = convert(TEXT).text
    functions = source[source.index("def inputs_in") : source.index("train_inputs =")]

    class Input:
        """Stands for the class of azure.ai.ml, which the new module imports."""

    scope: dict[str, Any] = {"Input": Input}
    exec(f"import shlex\n{functions}", scope)
    first, second = Input(), Input()
    named = scope["inputs_in"]([first, second], ["--x", first, 1])
    assert named == {"data_0": first, "data_1": second}
    assert scope["words_of"](["--x", second, "a b", 1], named) == "--x ${{inputs.data_1}} 'a b' 1"


@pytest.mark.parametrize("other", ["out", "PipelineParameter('p', 1)"])
def test_other_objects_in_such_a_list_keep_the_step(other: str) -> None:
    text = TEXT.replace('words["train"]', "more").replace('words = {"train": []}', f"more = []\nmore.append({other})")
    text = text.replace("import Pipeline, ", "import Pipeline, PipelineParameter, ")
    assert "train = PythonScriptStep(" in convert(text).text
