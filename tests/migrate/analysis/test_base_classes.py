"""The classes that others of SDK v1 derive from are named in annotations, and their objects are what they say."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert


@pytest.mark.parametrize(
    ("imported", "name", "new"),
    [
        ("azureml.data.abstract_dataset", "AbstractDataset", "Data"),
        ("azureml.data.abstract_datastore", "AbstractDatastore", "Datastore"),
        ("azureml.data.azure_storage_datastore", "AbstractAzureStorageDatastore", "Datastore"),
        ("azureml.pipeline.core", "PipelineStep", "Component"),
        ("azureml.pipeline.core", "Schedule", "JobSchedule"),
        ("azureml.train.automl", "AutoMLConfig", "Job"),
        ("azureml.core.authentication", "AbstractAuthentication", "TokenCredential"),
    ],
)
def test_the_class_in_an_annotation_is_what_the_objects_are(imported: str, name: str, new: str) -> None:
    code = f"from typing import List, Optional\nfrom {imported} import {name}\n\n\n"
    code += f"def first(found: List[{name}], other: Optional[{name}] = None) -> {name}:\n    return found[0]\n"
    text = convert(code).text
    assert "azureml" not in text
    assert f"def first(found: List[{new}], other: Optional[{new}] = None) -> {new}:" in text


def test_what_is_annotated_so_has_the_members_of_the_objects() -> None:
    text = convert(
        """\
from azureml.core import Dataset, Datastore, Workspace
from azureml.data.abstract_dataset import AbstractDataset
from azureml.data.abstract_datastore import AbstractDatastore


def rows(dataset: AbstractDataset, store: AbstractDatastore):
    print(store.name)
    return len(dataset.to_pandas_dataframe())


ws = Workspace.from_config()
table: AbstractDataset = Dataset.get_by_name(ws, "orders", "1")
print(rows(table, Datastore.get(ws, "landing")))
"""
    ).text
    assert "azureml" not in text
    assert "len(mltable.load(dataset.path).to_pandas_dataframe())" in text
    assert 'table: Data = ml_client.data.get("orders", version="1")' in text


def test_a_class_of_the_users_own_that_derives_from_one_stays() -> None:
    """It has methods that SDK v1 calls."""
    head = "from azureml.pipeline.core import PipelineStep\n\n\n"
    assert "class Mine(PipelineStep):" in convert(f"{head}class Mine(PipelineStep):\n    pass\n").text
