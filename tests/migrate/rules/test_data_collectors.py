"""Data collectors of scoring scripts; the case of the rule is checked in test_cases.py."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import FileStatus, Status, status_of
from tests.migrate.rules.support import convert

HEAD = "from azureml.monitoring import ModelDataCollector\n"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ('"ridge", designation="inputs", feature_names=["a"]', '"model_inputs"'),
        ('"ridge", "Predictions"', '"model_outputs"'),
        ('"ridge", identifier="prediction"', '"model_outputs"'),
        ('model_name="ridge", designation="raw data"', '"raw_data"'),
        ('"ridge"', '"model_data"'),
        ('"ridge", designation=kind', "kind"),
    ],
)
def test_a_collector_has_the_name_of_its_data(arguments: str, name: str) -> None:
    found = convert(f"{HEAD}collector = ModelDataCollector({arguments})\n")
    assert f"collector = Collector(name={name}, on_error=logging.warning)\n" in found.text
    assert found.text.startswith("import logging\n") and "from azureml.ai.monitoring import Collector" in found.text
    assert "DeploymentCollection" in found.findings[0].message


def test_what_is_no_data_frame_becomes_one() -> None:
    found = convert(
        f"""{HEAD}import json
import pandas as pd

class Scorer:
    def __init__(self):
        self.inputs = ModelDataCollector("ridge", designation="inputs")

    def run(self, raw):
        frame = pd.read_json(raw)
        self.inputs.collect(frame)
        self.inputs.collect(pd.DataFrame([1]))
        self.inputs.collect(json.loads(raw)["data"], user_correlation_id="1")
"""
    )
    assert "self.inputs.collect(frame)\n" in found.text and "self.inputs.collect(pd.DataFrame([1]))\n" in found.text
    assert 'self.inputs.collect(pd.DataFrame(json.loads(raw)["data"]))\n' in found.text
    assert [finding.status for finding in found.findings if finding.symbol.endswith("collect")] == [
        Status.CONVERTED,
        Status.CONVERTED,
        Status.REVIEW,
    ]


def test_the_class_in_a_function_of_the_script() -> None:
    found = convert(
        """import os

def init():
    from azureml.monitoring import ModelDataCollector
    global inputs
    inputs = ModelDataCollector("ridge", designation="inputs")

def run(data):
    inputs.collect(data)
"""
    )
    assert "azureml.monitoring" not in found.text and "inputs.collect(pandas.DataFrame(data))" in found.text


def test_a_file_that_still_imports_a_package_called_azureml_is_not_said_to_be_migrated() -> None:
    found = convert(f'{HEAD}inputs = ModelDataCollector("ridge", designation="inputs")\n')
    assert "import Collector" in found.text
    assert status_of(found.findings, changed=True) is FileStatus.PARTIAL
