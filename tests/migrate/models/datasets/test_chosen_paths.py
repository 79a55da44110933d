"""Data that code of SDK v1 wants at a path of its choice on the compute."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
ws = Workspace.from_config()
orders = Dataset.get_by_name(ws, "orders")
"""


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ('as_named_input("orders").as_mount("/mnt/orders")', True),
        ('as_mount(path_on_compute="/mnt/orders")', True),
        ("as_download(path_on_compute=None)", False),
        ("as_mount()", False),
    ],
)
def test_the_report_says_that_sdk_v2_chooses_the_path(read: str, told: bool) -> None:
    run = f'config = ScriptRunConfig(".", "train.py", ["--orders", orders.{read}], compute_target="cpu")\n'
    found = convert(f'{HEAD}{run}Experiment(ws, "e").submit(config)\n')
    assert "command(" in found.text
    assert any("SDK v2 chooses the path" in finding.message for finding in found.findings) is told


def test_also_of_an_input_in_a_variable() -> None:
    found = convert(f'{HEAD}mounted = orders.as_mount("/mnt/orders")\nprint(mounted)\n')
    assert any("SDK v2 chooses the path" in finding.message for finding in found.findings)
