"""What a name stands for when `amlbridge published` is given one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import endpoint_records, overview, published
from amlbridge.wire.errors import ServiceError
from tests.v1.pipelines.test_archive import Place, place, publish


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Place]:
    made = place(tmp_path / "home", "first")
    yield made
    made.service.records.close()


def test_of_several_with_a_name_the_newest_active_one_is_meant(at: Place) -> None:
    first, second, third = publish(at), publish(at), publish(at)
    chosen = overview.choose(at.service, at.workspace, "p")
    assert chosen.pipeline.name == third.name
    assert chosen.others == (second.name, first.name)
    published.set_status(at.service, at.workspace, third.name, "2")
    assert overview.choose(at.service, at.workspace, "p").pipeline.name == second.name
    assert overview.choose(at.service, at.workspace, third.name.upper()).pipeline.name == third.name
    with pytest.raises(ServiceError, match=r"no published pipeline 'p' with the version '7'; it has: 1\.0"):
        overview.choose(at.service, at.workspace, "p", "7")
    for item in (first, second):
        published.set_status(at.service, at.workspace, item.name, "2")
    # All are disabled: one can still be looked at, and running it says so.
    assert overview.choose(at.service, at.workspace, "p").pipeline.name == third.name
    listed = overview.listing(at.service, at.workspace, every=False)
    assert (listed["pipelines"], len(overview.listing(at.service, at.workspace, every=True)["pipelines"])) == ([], 3)


def test_a_name_of_an_endpoint_and_of_pipelines(at: Place) -> None:
    first = publish(at)
    body = {"Name": "p", "PipelineId": first.name}
    endpoint = endpoint_records.create(at.service, at.workspace, Fields(body, "the body"))
    # Every pipeline of that name is in the endpoint: that is meant.
    chosen = overview.choose(at.service, at.workspace, "p")
    assert chosen.endpoint is not None and (chosen.endpoint.name, chosen.version) == (endpoint.name, "0")
    second = publish(at)
    with pytest.raises(ServiceError, match="give the id") as caught:
        overview.choose(at.service, at.workspace, "p")
    assert caught.value.status == 400
    assert endpoint.name in caught.value.message and second.name in caught.value.message
    assert overview.choose(at.service, at.workspace, endpoint.name).version == "0"
    assert overview.choose(at.service, at.workspace, first.name).endpoint is None


def test_details_of_a_pipeline_whose_dataset_is_gone(at: Place) -> None:
    """It cannot run any more, and says why instead of failing to show."""
    pipeline = publish(at)
    found = overview.details(at.service, at.workspace, overview.choose(at.service, at.workspace, pipeline.name))
    assert found["parameters"] == [{"name": "where", "type": "string", "default": "cpu", "required": False}]
    assert found["steps"] == [{"name": "step", "runs": "main.py", "compute": "cpu", "environment": "mine"}]
    at.service.records.resources.delete(at.workspace.id, "dataset", "sales", None)
    found = overview.details(at.service, at.workspace, overview.choose(at.service, at.workspace, pipeline.name))
    assert found["steps"] == [] and "registered dataset" in found["problem"]
