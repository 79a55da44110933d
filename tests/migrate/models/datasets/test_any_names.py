"""Rows of data assets whose names only the running code knows: who registers and who reads agree on the type."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.datasets.any_names import ASSUMED
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON

HEAD = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
HEAD += "store = ws.get_default_datastore()\n"
TRIPS = HEAD + 'Dataset.Tabular.from_delimited_files((store, "a/trips.csv")).register(ws, "trips")\n'
LOOKUPS = (
    "Dataset.get_by_name(ws, name)",
    "Dataset.get_by_name(workspace=ws, name=name)",
    "Dataset.get_by_name(name=name, workspace=ws)",
    "Dataset.get_by_name(Workspace.from_config(), name)",
    "ws.datasets[name]",
    "ws.datasets.get(name)",
)


def _read(lookup: str) -> str:
    return f"\n\ndef rows_of(name):\n    return {lookup}.to_pandas_dataframe()\n"


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_module_that_reads_any_table_registers_tables(lookup: str) -> None:
    """mltable.load opens what data.get finds: a single file has no MLTable to load."""
    module = ModuleText(Path("tables.py"), TRIPS + _read(lookup) + '\n\nprint(rows_of("trips"), rows_of("stops"))\n')
    found = convert_module(module, build_project([module], PYTHON), PYTHON)
    assert 'type="mltable"' in found.text and 'type="uri_file"' not in found.text and "mltable.load(" in found.text
    told = [finding for finding in found.findings if ASSUMED in finding.message]
    assert [(finding.symbol, finding.status) for finding in told] == [("Dataset.to_pandas_dataframe", Status.REVIEW)]
    again = ModuleText(module.path, found.text)
    assert convert_module(again, build_project([again], PYTHON), PYTHON).text == found.text


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_another_module_registers_tables_for_one_that_reads_any(lookup: str) -> None:
    modules = [ModuleText(Path("a.py"), TRIPS), ModuleText(Path("b.py"), HEAD + _read(lookup))]
    project = build_project(modules, PYTHON)
    texts = [convert_module(module, project, PYTHON).text for module in modules]
    assert 'type="mltable"' in texts[0] and 'type="uri_file"' not in texts[0] and "mltable.load(" in texts[1]


@pytest.mark.parametrize("name", ["'trips'", "NAME"])
def test_a_name_that_is_known_leaves_a_file_what_it_is(name: str) -> None:
    text = "NAME = 'trips'\n" + TRIPS + f"print(Dataset.get_by_name(ws, {name}).to_pandas_dataframe())\n"
    module = ModuleText(Path("tables.py"), text)
    found = convert_module(module, build_project([module], PYTHON), PYTHON)
    assert 'type="uri_file"' in found.text and "mltable" not in found.text
    assert not any(ASSUMED in finding.message for finding in found.findings)


def test_a_table_that_is_registered_under_the_same_unknown_name_is_known() -> None:
    text = HEAD + "name = input()\n"
    text += 'Dataset.Tabular.from_delimited_files((store, "a/trips.csv")).register(ws, name)\n'
    text += "print(Dataset.get_by_name(ws, name).to_pandas_dataframe())\n"
    module = ModuleText(Path("tables.py"), text)
    found = convert_module(module, build_project([module], PYTHON), PYTHON)
    assert 'type="uri_file"' in found.text and "mltable" not in found.text
    assert not any(ASSUMED in finding.message for finding in found.findings)


def test_a_selection_of_rows_of_any_table_says_so_too() -> None:
    text = HEAD + "\n\ndef some(name):\n    return Dataset.get_by_name(ws, name).take(5).to_pandas_dataframe()\n"
    module = ModuleText(Path("tables.py"), text)
    found = convert_module(module, build_project([module], PYTHON), PYTHON)
    assert any(ASSUMED in finding.message for finding in found.findings)
