"""What SDK v1 gives as a list, and SDK v2 page by page."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget

ws = Workspace.from_config()
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("first = ComputeTarget.list(ws)[0]", "first = list(ml_client.compute.list())[0]"),
        ("print(len(ComputeTarget.list(ws)))", "print(len(list(ml_client.compute.list())))"),
        ("for one in ComputeTarget.list(ws):\n    print(one.name)", "for one in ml_client.compute.list():"),
    ],
)
def test_computes_are_a_list_unless_they_are_only_run_over(before: str, after: str) -> None:
    assert after in convert(f"{HEAD}{before}\n").text
