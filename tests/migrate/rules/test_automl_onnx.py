"""Models of AutoML in the format ONNX."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import sys
from azureml.automl.core.onnx_convert import OnnxConvertConstants
from azureml.automl.runtime.onnx_convert import OnnxInferenceHelper
from azureml.train.automl import constants

"""


def test_constants_of_the_notebook() -> None:
    found = convert(
        HEAD + "if sys.version_info < OnnxConvertConstants.OnnxIncompatiblePythonVersion:\n"
        "    print(constants.MODEL_RESOURCE_PATH_ONNX)\n"
    )
    assert found.text == 'import sys\n\nif sys.version_info < (3, 11):\n    print("outputs/model_onnx.json")\n'


def test_rows_that_are_made_in_the_call() -> None:
    found = convert(HEAD + "helper = OnnxInferenceHelper(model, res)\nonly = helper.predict(read(), with_prob=False)\n")
    assert "rows = read()\n" in found.text and "rows[[column.name]].to_numpy(onnx_types[column.type])" in found.text
    assert found.text.rstrip().endswith(")[0]")


def test_a_helper_that_is_not_kept_is_left() -> None:
    found = convert(HEAD + "print(OnnxInferenceHelper(model, res).predict(rows))\n")
    assert any(f.status is Status.MANUAL for f in found.findings)
