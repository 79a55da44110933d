"""What code reads of a distribution."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import MpiConfiguration

ws = Workspace.from_config()
nodes = 3
"""
RUN = """\
config = ScriptRunConfig("src", "train.py", compute_target="gpu", distributed_job_config=mpi)
run = Experiment(ws, "trials").submit(config)
"""


@pytest.mark.parametrize(
    "made",
    [
        "mpi = MpiConfiguration(process_count_per_node=2, node_count=nodes)\n",
        "mpi = MpiConfiguration()\nmpi.process_count_per_node = 2\nmpi.node_count = nodes\n",
    ],
)
def test_the_number_of_nodes_is_that_which_was_given(made: str) -> None:
    found = convert(f"{HEAD}{made}{RUN}show(mpi.node_count, mpi.process_count_per_node)\n")
    assert "show(nodes, mpi.process_count_per_instance)\n" in found.text
    assert "instance_count=nodes" in found.text and "azureml.core" not in found.text


def test_a_number_of_nodes_that_is_set_twice_stays() -> None:
    found = convert(f"{HEAD}mpi = MpiConfiguration(node_count=1)\nmpi.node_count = 2\nshow(mpi.node_count)\n")
    assert "show(mpi.node_count)" in found.text
    assert any("read its instance_count" in finding.message for finding in found.findings)
