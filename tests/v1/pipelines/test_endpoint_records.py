"""What pipeline endpoints keep, whoever changes them and however many at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import endpoint_records, published, revisions
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

_PIPELINES = [f"pipeline-{number}" for number in range(8)]


class Desk:
    """Endpoints of one workspace, changed as the client does: read, change the copy, send it back."""

    def __init__(self, service: Service, workspace: Workspace) -> None:
        self.service, self.workspace = service, workspace

    def create(self, name: Any, pipeline_id: Any = _PIPELINES[0], **more: Any) -> Resource:
        body = {"Name": name, "PipelineId": pipeline_id, **more}
        return endpoint_records.create(self.service, self.workspace, Fields(body, "the body"))

    def get(self, endpoint_id: str) -> Resource:
        found = endpoint_records.find(self.service, self.workspace, endpoint_id)
        assert found is not None
        return found

    def read(self, endpoint_id: str) -> dict[str, Any]:
        found = self.get(endpoint_id)
        return {**found.body, "Id": found.name, "Etag": revisions.etag(found)}

    def send(self, endpoint_id: str, body: dict[str, Any]) -> Resource:
        return endpoint_records.update(self.service, self.workspace, endpoint_id, Fields(body, "the body"))

    def add(self, endpoint_id: str, pipeline_id: str) -> Resource:
        body = self.read(endpoint_id)
        items = body["PipelineVersionList"]
        return self.send(endpoint_id, {**body, "PipelineVersionList": [*items, _item(len(items), pipeline_id)]})


def _item(version: int, pipeline_id: str) -> dict[str, str]:
    return {"Version": str(version), "PipelineId": pipeline_id}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = build_service(Home(tmp_path_factory.mktemp("home")))
    yield made
    made.records.close()


def _desk(service: Service, name: str) -> Desk:
    workspace = service.records.workspaces.ensure("s", "g", name)
    for pipeline_id in _PIPELINES:
        service.records.resources.put(workspace.id, published.KIND, pipeline_id, {"Name": pipeline_id})
    return Desk(service, workspace)


@pytest.fixture
def desk(service: Service) -> Desk:
    """An empty workspace of the test's own."""
    return _desk(service, f"w{uuid.uuid4().hex}")


def _refused(action: Any, status: int, *words: str) -> None:
    with pytest.raises(ServiceError) as caught:
        action()
    assert caught.value.status == status, caught.value.message
    for word in words:
        assert word in caught.value.message


def test_first_version_is_zero_and_the_default(desk: Desk) -> None:
    made = desk.create("first", Description="what it does")
    assert endpoint_records.versions(made) == {"0": "pipeline-0"}
    assert endpoint_records.choose(made, None) == ("0", "pipeline-0")
    assert endpoint_records.find_by_name(desk.service, desk.workspace, "first") == made
    _refused(lambda: desk.create("first", "pipeline-1"), 409, "'first'", made.name, "another name")
    _refused(lambda: desk.create("second", "nobody"), 400, "no published pipeline nobody")
    assert endpoint_records.find_by_name(desk.service, desk.workspace, "second") is None


@pytest.mark.parametrize("name", ["", "  ", None, 5, "x" * 256, "a\0b"])
def test_a_name_that_is_none_is_refused(desk: Desk, name: Any) -> None:
    _refused(lambda: desk.create(name), 400, "Name")


def test_a_change_of_an_older_state_is_refused(desk: Desk) -> None:
    made = desk.create("shared")
    seen = desk.read(made.name)
    desk.add(made.name, "pipeline-1")
    late = {**seen, "PipelineVersionList": [*seen["PipelineVersionList"], _item(1, "pipeline-2")]}
    _refused(lambda: desk.send(made.name, late), 409, "'shared'", "repeat the change")
    late.pop("Etag")
    _refused(lambda: desk.send(made.name, late), 409, "version 1", "another pipeline")
    seen.pop("Etag")
    _refused(lambda: desk.send(made.name, {**seen, "Name": "renamed"}), 409, "version 1", "leaves out")
    assert endpoint_records.versions(desk.get(made.name)) == {"0": "pipeline-0", "1": "pipeline-1"}
    assert desk.get(made.name).body["Name"] == "shared"


def test_names_are_given_back(desk: Desk) -> None:
    one, other = desk.create("one"), desk.create("other")
    _refused(lambda: desk.send(one.name, {"Name": "other"}), 409, other.name)
    desk.send(other.name, {"Name": "gone", "EntityStatus": "Disabled"})
    assert desk.send(one.name, {"Name": "other"}).name == one.name
    found = endpoint_records.find_by_name(desk.service, desk.workspace, "other")
    assert found is not None
    assert found.name == one.name
    assert endpoint_records.find_by_name(desk.service, desk.workspace, "one") is None
    assert desk.get(other.name).body["EntityStatus"] == "2"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DefaultVersion": "1"}, ("no version '1'", "it has: 0")),
        ({"DefaultVersion": "00"}, ("no version '00'",)),
        ({"EntityStatus": "Asleep"}, ("Active, Deprecated and Disabled",)),
        ({"PipelineVersionList": [_item(0, "pipeline-0"), _item(2, "pipeline-1")]}, ("'2'", "the next one is '1'")),
        ({"PipelineVersionList": [_item(0, "pipeline-0"), _item(1, "pipeline-0")]}, ("already",)),
        ({"PipelineVersionList": [_item(0, "pipeline-0"), _item(1, "nobody")]}, ("no published pipeline nobody",)),
        ({"PipelineVersionList": [_item(0, "pipeline-0"), _item(0, "pipeline-0")]}, ("again",)),
        ({"PipelineVersionList": [{"Version": "0"}]}, ("PipelineId",)),
        ({"PipelineVersionList": "0"}, ("an array",)),
        ({"Id": "someone else"}, ("someone else",)),
        ({"Name": " "}, ("Name",)),
        ({"Properties": "none"}, ("Properties",)),
    ],
)
def test_a_wrong_change_changes_nothing(desk: Desk, change: dict[str, Any], words: tuple[str, ...]) -> None:
    made = desk.create("kept")
    _refused(lambda: desk.send(made.name, {"Description": "new", **change}), 400, *words)
    assert desk.get(made.name) == made


def test_what_a_change_leaves_out_stays(desk: Desk) -> None:
    made = desk.create("whole", Description="d", Properties={"a": {"b": [1]}})
    same = desk.send(made.name, {"Name": "whole"})
    assert same == made
    assert revisions.etag(same) == revisions.etag(made)
    changed = desk.send(made.name, {"tags": {"team": "x"}})
    assert changed.body == {**made.body, "tags": {"team": "x"}, "revision": 2}


_STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "default", "name", "status"]), st.integers(0, 7), st.booleans()), max_size=20
)


@given(steps=_STEPS)
def test_versions_only_grow(service: Service, steps: list[tuple[str, int, bool]]) -> None:
    """Whatever is done in whatever order: versions count from 0, none changes, the default one is among them."""
    desk = _desk(service, "grow")
    made = desk.create(f"e{service.records.resources.count(desk.workspace.id, endpoint_records.KIND)}")
    expected = ["pipeline-0"]
    for action, number, stale in steps:
        body = desk.read(made.name)
        if stale:
            body["Etag"] = '"an older one"'
        if action == "add":
            body["PipelineVersionList"] = [*body["PipelineVersionList"], _item(len(expected), _PIPELINES[number])]
        elif action == "default":
            body["DefaultVersion"] = str(number)
        elif action == "name":
            body["Name"] = f"{made.name}-{number}"
        else:
            body["EntityStatus"] = str(number)
        try:
            desk.send(made.name, body)
        except ServiceError as error:
            assert error.status == (409 if stale else 400)
        else:
            assert not stale
            expected += [_PIPELINES[number]] if action == "add" else []
        now = desk.get(made.name)
        assert endpoint_records.versions(now) == {str(index): item for index, item in enumerate(expected)}
        assert endpoint_records.choose(now, None)[1] in expected
        assert endpoint_records.find_by_name(service, desk.workspace, now.body["Name"]) == now


def test_no_version_is_lost_between_many(desk: Desk) -> None:
    """Seven clients add a pipeline each, repeating what was refused with a conflict."""
    made = desk.create("busy")
    barrier, refused = threading.Barrier(7), []

    def work(pipeline_id: str) -> None:
        barrier.wait()
        for _ in range(50):
            try:
                desk.add(made.name, pipeline_id)
                return
            except ServiceError as error:
                assert error.status == 409
                refused.append(pipeline_id)

    threads = [threading.Thread(target=work, args=(item,)) for item in _PIPELINES[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = endpoint_records.versions(desk.get(made.name))
    assert sorted(found.values()) == _PIPELINES
    assert list(found) == [str(number) for number in range(8)]


def test_one_of_many_gets_the_name(desk: Desk) -> None:
    barrier, made, refused = threading.Barrier(6), [], []

    def work() -> None:
        barrier.wait()
        try:
            made.append(desk.create("wanted").name)
        except ServiceError as error:
            refused.append(error.status)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 1
    assert refused == [409] * 5
    assert desk.service.records.resources.count(desk.workspace.id, endpoint_records.KIND) == 1
