"""What must hold of each conversion, whatever the rules did."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.cleanup.guard import WrongConversionError, checked
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Conversion, ModuleText

BEFORE = ModuleText(
    Path("a.py"), "import os\nfrom azureml.core import Run\n\ndef f():\n    from azureml.core import Run\n"
)
CONVERTED = Finding("run", "Run.get_context", Status.CONVERTED, 2, 1, "")
LEFT = "an import of SDK v1 is left, although nothing of it was found that could not be converted: look at it"


def test_an_import_that_no_finding_explains_has_one_and_a_comment_at_its_place() -> None:
    text = "import mlflow\nimport os\n\ndef f():\n    from azureml.core import Run\n"
    found = checked(BEFORE, Conversion(text, (CONVERTED,)))
    comment = f"# TODO(amlbridge left-import): {LEFT}"
    assert found.text == text.replace("    from", f"    {comment}\n    from")
    (told,) = found.findings[1:]
    assert (told.rule, told.symbol, told.status) == ("left-import", "azureml.core", Status.MANUAL)
    assert (told.line, told.column) == (2, 1)
    again = checked(ModuleText(BEFORE.path, found.text), Conversion(f"{found.text}\n", (CONVERTED,)))
    assert again.text == f"{found.text}\n"


def test_an_import_that_a_finding_explains_has_no_other() -> None:
    manual = Finding("run", "Run.get_context", Status.MANUAL, 2, 1, "why")
    conversion = Conversion("from azureml.core import Run\n", (manual,))
    assert checked(BEFORE, conversion) == conversion


def test_a_name_that_sdk_v2_has_not_takes_the_conversion_back() -> None:
    found = checked(BEFORE, Conversion("from azure.ai.ml import MLClients\n", (CONVERTED,), {"a.yml": "b: 1"}))
    left, unknown = found.findings
    told = f"# TODO(amlbridge taken-back): {left.message}\n"
    assert (found.text, found.created) == (BEFORE.text.replace("from", f"{told}from", 1), {})
    assert (left.rule, left.status, unknown.rule) == ("taken-back", Status.MANUAL, "unknown-name")
    assert "see the finding unknown-name" in left.message
    assert "MLClients" in unknown.message


def test_the_comments_of_a_run_that_took_it_back_go_when_it_is_converted() -> None:
    back = checked(BEFORE, Conversion("from azure.ai.ml import MLClients\n", (CONVERTED,))).text
    told = back.splitlines()[1]
    found = checked(ModuleText(BEFORE.path, back), Conversion(f"import os\n{told}\nimport mlflow\n", (CONVERTED,)))
    assert found.text == "import os\nimport mlflow\n"


def test_a_text_that_is_no_python_is_an_error_of_a_rule() -> None:
    with pytest.raises(WrongConversionError, match="no Python"):
        checked(BEFORE, Conversion("import (\n", (CONVERTED,)))
