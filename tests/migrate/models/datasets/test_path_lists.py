"""Lists of paths that a dataset is made from, as they are put together when the code runs."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Datastore, Workspace

ws = Workspace.from_config()
store = Datastore.get(ws, "blob")
"""
WHERE = (
    "azureml://subscriptions/{ml_client.subscription_id}/resourcegroups/{ml_client.resource_group_name}"
    "/workspaces/{ml_client.workspace_name}/datastores/blob/paths/"
)


def converted(code: str) -> str:
    conversion = convert(HEAD + code)
    assert {finding.status for finding in conversion.findings} <= {Status.CONVERTED, Status.REVIEW}
    return conversion.text


def test_a_comprehension_gives_the_addresses_itself() -> None:
    text = converted('table = Dataset.Tabular.from_delimited_files([(store, f"x/{i}.csv") for i in range(3)])\n')
    assert f'"pattern": f"{WHERE}x/{{i}}.csv"' in text
    assert "for i in range(3)" in text


@pytest.mark.parametrize(
    "adding",
    [
        'paths.append((store, f"x/{i}.csv"))',
        'paths.insert(0, (store, f"x/{i}.csv"))',
        'paths += [(store, f"x/{i}.csv")]',
        'paths.extend((store, f"x/{j}.csv") for j in [i])',
    ],
)
def test_a_list_that_a_loop_adds_to_holds_addresses(adding: str) -> None:
    code = f"paths = []\nfor i in range(3):\n    {adding}\ntable = Dataset.File.from_files(path=paths)\n"
    if "extend(" in adding:  # a generator is not followed
        assert "put together" in convert(HEAD + code).text or "listed at run time" in convert(HEAD + code).text
        return
    text = converted(code)
    assert f'f"{WHERE}x/{{i}}.csv"' in text
    assert "(store, " not in text
    assert 'from_paths(paths=[{"pattern": pattern} for pattern in paths])' in text


def test_addresses_in_the_web_are_files() -> None:
    text = converted(
        'urls = []\nfor year in (2019, 2020):\n    urls.append(f"https://example.org/{year}.parquet")\n'
        "table = Dataset.Tabular.from_parquet_files(urls)\n"
    )
    assert '[{"file": file} for file in urls]' in text


def test_a_variable_with_a_comprehension_may_serve_two_datasets() -> None:
    text = converted(
        'paths = [(store, f"{name}/*.csv") for name in names]\n'
        "one = Dataset.Tabular.from_delimited_files(paths)\ntwo = Dataset.File.from_files(paths)\n"
    )
    assert text.count(f'f"{WHERE}{{name}}/*.csv"') == 1
    assert text.count(" in paths]") == 2


def test_a_list_that_changes_in_other_ways_stays() -> None:
    conversion = convert(
        HEAD + 'paths = [(store, "a.csv")]\npaths.reverse()\ntable = Dataset.Tabular.from_delimited_files(paths)\n'
    )
    assert any("listed at run time" in finding.message for finding in conversion.findings)


@pytest.mark.parametrize("path", ["paths[:2] + paths[4:]", "paths[:1]", "some", "[(store, 'b')] + paths"])
def test_parts_and_sums_of_lists_are_lists(path: str) -> None:
    source = (
        "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
        "store = ws.get_default_datastore()\n"
        'paths = [(store, f"a/{n}.csv") for n in range(10)]\nsome = paths[3:]\n'
        f'Dataset.File.from_files(path={path}).register(ws, "some")\n'
    )
    text = flat(convert(source).text)
    assert "/datastores/workspaceblobstore/paths/a/{n}.csv" in text
    assert 'mltable.from_paths(paths=[{"pattern": pattern} for pattern in ' in text
    assert 'type="uri_folder"' not in text
