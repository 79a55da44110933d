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


@pytest.mark.parametrize(
    ("inner", "alias"),
    [
        ("import os\n    print(os.sep)", False),
        ('"""Says where."""\n    import sys\n    import os\n    print(os.sep, sys.path)', False),
        ("print(1)\n    import os", True),  # above it, the name would be that of nothing yet
        ("from other import os\n    print(os)", True),
    ],
)
@pytest.mark.parametrize("above", ["", "import os\n"])
def test_a_function_may_import_the_same_first(inner: str, alias: bool, above: str) -> None:
    text = convert(
        f"{above}from azureml.core.model import Model\n\n\ndef init():\n    return Model.get_model_path('m')\n\n\n"
        f"def main():\n    {inner}\n",
        path="score.py",
    ).text
    assert ("v2_os" in text) is alias and "environ" in text


_UNDER = """\
import sys

remote = "--remote" in sys.argv
if remote:
    from azureml.core import Run

    run = Run.get_context()
print(3)
"""


def test_a_script_that_imports_only_where_it_runs_in_a_job_still_does() -> None:
    text = convert(f'{_UNDER}if remote:\n    run.log("loss", 0.5)\n').text
    assert "if remote:\n    import mlflow\n" in text and '\n    mlflow.log_metric("loss", 0.5)\n' in text


def test_what_is_read_without_the_condition_is_imported_without_it() -> None:
    text = convert(f'{_UNDER}run.log("loss", 0.5)\n').text
    assert text.index("import mlflow\n") < text.index("if remote:") or "if remote" not in text
