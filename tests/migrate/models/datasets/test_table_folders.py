"""Tables that one statement makes several times: each has a folder of its own."""

from __future__ import annotations

import re

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Dataset, Workspace
ws = Workspace.from_config()
store = ws.get_default_datastore()
"""
_OWN = re.compile(
    r"(\w+_folder(_\d)?) = tempfile\.mkdtemp\(\)\n.*\.save\(\1\)\n.*Data\(path=\1, type=\"mltable\"\)", re.DOTALL
)
_FIXED = '.save("rows_mltable")\n'


def _converted(code: str) -> str:
    return convert(_HEAD + code).text


_FUNCTION = """\
def table(name):
    rows = Dataset.Tabular.from_delimited_files([(store, name)])
    return rows
"""
_LOOP = """\
tables = []
for name in names:
    tables.append(Dataset.Tabular.from_delimited_files([(store, name)]))
for table in tables:
    print(table.to_pandas_dataframe())
"""
_PART = """\
parts = {}
for name in names:
    parts[name] = ws.datasets[name].keep_columns(["a"])
"""
_METHOD = """\
class Tables:
    def add(self, name):
        self.last = Dataset.Tabular.from_parquet_files([(store, name)])


tables = Tables()
for name in names:
    tables.add(name)
"""


@pytest.mark.parametrize(
    "code",
    [
        _FUNCTION + 'train = table("a/*.csv")\ntest = table("b/*.csv")\n',
        _FUNCTION + "for name in names:\n    print(table(name))\n",
        _FUNCTION,  # whoever calls it
        _LOOP,
        _PART,
        _METHOD,
    ],
)
def test_each_table_has_a_folder(code: str) -> None:
    text = _converted(code)
    assert _OWN.search(text) and '_mltable")' not in text and "import tempfile\n" in text


@pytest.mark.parametrize(
    "code",
    [
        _FUNCTION + 'print(table("a/*.csv"))\n',
        "def main():\n" + "    rows = Dataset.Tabular.from_delimited_files([(store, 'a/*.csv')])\n    return rows\n",
        "for name in names:\n    rows = Dataset.Tabular.from_delimited_files([(store, name)])\n"
        "    rows = rows.register(ws, name)\n    print(rows.name)\n",
        "for name in names:\n    rows = Dataset.Tabular.from_delimited_files([(store, name)]).register(ws, name)\n",
    ],
)
def test_a_table_that_is_made_once_or_goes_up_at_once_has_a_folder_with_its_name(code: str) -> None:
    text = _converted(code)
    assert _FIXED in text and "tempfile" not in text


def test_no_table_is_saved_from_inside_a_comprehension() -> None:
    found = convert(_HEAD + "tables = [Dataset.Tabular.from_delimited_files([(store, name)]) for name in names]\n")
    assert "Dataset.Tabular.from_delimited_files(" in found.text and ".save(" not in found.text
    assert any(f.status is Status.MANUAL and "in a loop of statements" in f.message for f in found.findings)


def test_a_comprehension_reads_tables_that_nothing_saves() -> None:
    read = "Dataset.Tabular.from_delimited_files([(store, name)]).to_pandas_dataframe()"
    text = _converted(f"frames = [{read} for name in names]\n")
    assert ".to_pandas_dataframe()\n    for name in names\n]" in text
    assert "azureml.core" not in text and ".save(" not in text


def test_a_table_from_a_list_is_read_from_its_path_as_text() -> None:
    """What is not registered has a path of this machine, which mltable takes as text only."""
    assert "mltable.load(str(table.path))" in _converted(_LOOP)
