"""What the two SDKs write in different ways for a parallel step."""

from __future__ import annotations

from amlbridge.compare.kinds import setting, without_driver
from amlbridge.engine.plan import Node


def test_arguments_that_the_client_of_sdk_v1_writes_for_its_driver_are_not_the_users() -> None:
    node = Node("1", "score", kind="parallel")
    options = {
        "--input_fds_0": ("images",),
        "--input_pipeline_param_0": ("<input images>",),
        "--mini_batch_size": ("10",),
        "--threshold": ("0.5",),
    }
    assert without_driver(node, options) == {"--threshold": ("0.5",)}
    assert without_driver(Node("2", "train"), options) == options


def test_a_table_that_lists_files_is_split_as_files_are() -> None:
    files = {"inputs": ["images"], "mini_batch_size": 10}
    assert setting("parallel", {**files, "tables": ["images"]}) == setting("parallel", files)
    assert setting("parallel", {**files, "mini_batch_size": 5}) != setting("parallel", files)
