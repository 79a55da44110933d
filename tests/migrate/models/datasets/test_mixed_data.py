"""Functions that give a table in one branch and files, or a table of another form, in another."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()


def open_data(what):
    if what == "orders":
        return {first}
    return {second}


"""
_TABLE, _LIST = (f'Dataset.Tabular.from_delimited_files((store, "{path}"))' for path in ("o.csv", "o/*.csv"))
_FILES = 'Dataset.File.from_files((store, "scans"))'
_RUN = """\
orders = open_data("orders")
arguments = ["--orders", orders.as_named_input("orders"), "--scans", open_data("scans").as_named_input("s").as_mount()]
job = ScriptRunConfig("src", "train.py", arguments=arguments, compute_target="cpu", environment=env)
Experiment(ws, "train").submit(job)
"""


@pytest.mark.parametrize(("first", "path"), [(_TABLE, "orders.path"), (f'{_TABLE}.register(ws, "o")', "orders.id")])
def test_an_input_has_the_type_of_what_comes_out(first: str, path: str) -> None:
    found = convert(_HEAD.format(first=first, second=_FILES) + _RUN)
    given = f"Input(type=orders.type, path={path}{' or orders.path' if path.endswith('.id') else ''})"
    assert given in found.text and "uri_file" in found.text
    assert 'type=open_data("scans").type,' in found.text and 'mode="ro_mount"' in found.text
    told = [finding for finding in found.findings if "open_data() gives data of several types" in finding.message]
    assert told and all(finding.status is Status.REVIEW for finding in told)


@pytest.mark.parametrize(("second", "told"), [(_LIST, True), (_TABLE.replace("o.csv", "p.csv"), False)])
def test_tables_of_two_forms_are_for_review_where_they_are_read(second: str, told: bool) -> None:
    found = convert(f'{_HEAD.format(first=_TABLE, second=second)}print(open_data("a").to_pandas_dataframe())\n')
    assert 'pandas.read_csv(open_data("a").path)' in found.text
    assert any("read as that of its first branch" in finding.message for finding in found.findings) is told


def test_a_function_that_always_gives_a_table_gives_an_input_of_its_type() -> None:
    found = convert(_HEAD.format(first=_TABLE, second=_TABLE) + _RUN.replace('.as_named_input("s").as_mount()', ""))
    assert 'Input(type="uri_file", path=orders.path)' in found.text
    assert not any("several types" in finding.message for finding in found.findings)
