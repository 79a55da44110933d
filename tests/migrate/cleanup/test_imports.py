"""Import statements of the new code."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert


@pytest.mark.parametrize("above", ["import os.path\n", "import os\n", ""])
@pytest.mark.parametrize("below", ["import os.path\n", ""])
def test_a_package_has_its_name_by_the_import_of_a_module_in_it(above: str, below: str) -> None:
    text = convert(f"""\
{above}from azureml.core import Run

run = Run.get_context()
run.register_model("ridge", "ridge.pkl")
{below}""").text
    assert 'os.environ["AZUREML_ARM_SUBSCRIPTION"]' in text and "v2_os" not in text


def test_new_names_are_imported_above_the_block_that_reads_them_first() -> None:
    text = convert("""\
ROWS = 3
try:
    from azureml.core import VERSION
    print(VERSION)
except Exception as error:
    print(error)
from azureml.core import Workspace

ws = Workspace.from_config()
""").text
    assert text.startswith("ROWS = 3\nimport azure.ai.ml\n") and text.count("import azure.ai.ml\n") == 1
