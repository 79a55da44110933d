"""Partitions of datasets: their columns, and the keys and values of them."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
"""


def test_a_table_has_the_columns_of_its_paths() -> None:
    path, form = "https://x/a/2020/data.parquet", "a/{time:yyyy}/data.parquet"
    text = f'table = Dataset.Tabular.from_parquet_files("{path}", partition_format="{form}")\n'
    found = convert(HEAD + text + 'table = table.register(ws, "t")\n')
    assert '.extract_columns_from_partition_format("a/{time:yyyy}/data.parquet")' in "".join(found.text.split("\n"))
    assert 'type="mltable"' in found.text


def test_the_keys_of_a_registered_dataset_are_known() -> None:
    text = """\
files = Dataset.File.from_files("https://x/a/*", partition_format="a/{user}/{name}.wav").register(ws, "sounds")
sounds = Dataset.get_by_name(ws, "sounds")
print(sounds.partition_keys, sounds.get_partition_key_values())
"""
    found = convert(HEAD + text)
    assert "print(\n    ['user', 'name']" in found.text.replace('"', "'")
    assert "[['user','name']].drop_duplicates()" in "".join(found.text.replace('"', "'").split())


def test_keys_of_a_format_that_is_not_known_are_left() -> None:
    found = convert(HEAD + 'print(Dataset.get_by_name(ws, "sounds").partition_keys)\n')
    assert [finding.status for finding in found.findings if finding.symbol.endswith("partition_keys")] == [
        Status.MANUAL
    ]
