"""The version of the SDK; the cases of the rule are checked in test_cases.py."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert


@pytest.mark.parametrize(
    "head", ["import azureml.core\n\nV = azureml.core.VERSION", "from azureml.core import VERSION\n\nV = VERSION"]
)
@pytest.mark.parametrize("method", ['split(".")', 'startswith("1.", 0)', "rsplit(sep='.', maxsplit=1)"])
def test_a_method_of_the_version_is_that_of_the_new_one(head: str, method: str) -> None:
    """Which is another number: a comparison has to be looked at."""
    found = convert(f"{head}.{method}\n")
    assert found.text.replace('"', "'") == f"import azure.ai.ml\n\nV = azure.ai.ml.__version__.{method}\n".replace(
        '"', "'"
    )
    assert [finding.status for finding in found.findings] == [Status.REVIEW]
