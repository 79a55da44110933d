"""Records keep what they are told, apart by workspace, through threads and restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError, StateError
from amlbridge.engine.plan import Node, Plan
from amlbridge.engine.records import schema
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.store import Records

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(f"sqlite:///{tmp_path / 'records.db'}")
    yield opened
    opened.close()


def test_workspaces_are_made_on_first_use_and_compared_without_case(records: Records) -> None:
    first = records.workspaces.ensure("Sub", "RG", "Ws")
    assert records.workspaces.ensure("sub", "rg", "WS") == first
    other = records.workspaces.ensure("sub", "rg2", "ws")
    assert other.id != first.id
    assert other.storage_account != first.storage_account
    assert len(first.storage_account) <= 24
    assert records.workspaces.get(first.id).name == "Ws"
    assert [item.id for item in records.workspaces.list()] == [first.id, other.id]


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 300, "a\n", "..%"])
def test_workspace_names_are_checked(records: Records, name: str) -> None:
    with pytest.raises(InvalidNameError):
        records.workspaces.ensure("s", "g", name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), JSON))
def test_resources_come_back_as_they_were(records: Records, body: dict[str, object]) -> None:
    workspace = records.workspaces.ensure("s", "g", "w").id
    assert records.resources.put(workspace, "kind", "name", body).body == body
    assert records.resources.get(workspace, "kind", "name").body == body


def test_resources_versions_and_kinds(records: Records) -> None:
    one, two = (records.workspaces.ensure("s", "g", name).id for name in ("one", "two"))
    assert [records.resources.add_version(one, "model", "m", lambda n: {"n": n}).version for _ in range(3)] == list(
        "123"
    )
    assert records.resources.latest(one, "model", "m").body == {"n": 3}  # type: ignore[union-attr]
    assert records.resources.find(two, "model", "m", "1") is None
    assert records.resources.count(one, "model") == 3
    with pytest.raises(ConflictError, match="model m:1 already exists"):
        records.resources.add(one, "model", "m", {}, "1")
    records.resources.change(one, "model", "m", lambda body: body.update(x=1), "2")
    assert records.resources.get(one, "model", "m", "2").body == {"n": 2, "x": 1}
    assert records.resources.delete(one, "model", "m", None) == 3
    with pytest.raises(NotFoundError, match="there is no model m:1"):
        records.resources.get(one, "model", "m", "1")


def test_runs_have_roots_numbers_and_changes(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w").id
    experiment = records.experiments.ensure(workspace, "e").id
    records.runs.add(workspace, experiment, "a", "pipeline")
    records.runs.add_many(
        workspace,
        experiment,
        [{"id": "b", "kind": "step", "parent_id": "a"}, {"id": "c", "kind": "step", "parent_id": "b"}],
    )
    runs = records.runs.query(workspace)
    assert [(run.id, run.number, run.root_id) for run in runs] == [("a", 1, "a"), ("b", 2, "a"), ("c", 3, "a")]
    assert [run.id for run in records.runs.children(workspace, "a")] == ["b"]
    changed = records.runs.change(workspace, "b", lambda run: {"tags": {**run.tags, "k": "v"}, "status": "Running"})
    assert changed.tags == {"k": "v"}
    assert {run.id for run in records.runs.unfinished()} == {"a", "b", "c"}
    records.runs.set(workspace, "b", status="Completed")
    assert {run.id for run in records.runs.unfinished()} == {"a", "c"}
    with pytest.raises(ConflictError):
        records.runs.add(workspace, experiment, "a", "script")
    with pytest.raises(NotFoundError):
        records.runs.add(workspace, experiment, "d", "step", parent_id="nobody")
    with pytest.raises(NotFoundError):
        records.runs.set(workspace, "nobody", status="Failed")


def test_a_batch_of_runs_is_recorded_whole_or_not_at_all(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w").id
    experiment = records.experiments.ensure(workspace, "e").id
    with pytest.raises(ConflictError):
        records.runs.add_many(workspace, experiment, [{"id": "x", "kind": "step"}, {"id": "x", "kind": "step"}])
    assert records.runs.find(workspace, "x") is None


def test_a_metric_that_is_sent_twice_is_recorded_once(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w").id
    values = [
        MetricValue("b", "1", 1.0, {"b": "double"}, {"b": 0.5}),
        MetricValue("a", "2", 2.0, {"a": "int"}, {"a": 1}),
    ]
    assert records.metrics.add(workspace, "r", values) == 2
    assert records.metrics.add(workspace, "r", [*values, MetricValue("b", "3", 3.0, {"b": "double"}, {"b": 1.5})]) == 1
    assert records.metrics.names(workspace, "r") == ["b", "a"]
    assert [value.data["b"] for value in records.metrics.values(workspace, "r", "b")] == [0.5, 1.5]
    assert records.metrics.values(workspace, "other") == []


def test_plans_are_kept_once(records: Records) -> None:
    plan = Plan((Node("n", "name"),))
    first = records.plans.add(plan)
    assert records.plans.add(plan) == first
    assert records.plans.get(first) == plan


def test_threads_lose_nothing(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w").id
    records.resources.put(workspace, "counter", "c", {"n": 0})

    def count() -> None:
        for _ in range(50):
            records.resources.change(workspace, "counter", "c", lambda body: body.update(n=body["n"] + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert records.resources.get(workspace, "counter", "c").body == {"n": 200}


def test_an_error_inside_a_transaction_undoes_all_of_it(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w").id
    with pytest.raises(RuntimeError), records.database.write():
        records.resources.put(workspace, "k", "n", {})
        raise RuntimeError
    assert records.resources.find(workspace, "k", "n") is None


def test_records_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    records = Records(url)
    with records.database.write() as connection:
        connection.execute(text(f"UPDATE schema_version SET version = {schema.VERSION + 1}"))
    records.close()
    with pytest.raises(StateError, match="use the newer amlbridge"):
        Records(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"not a database, but a text of some length" * 50)
    with pytest.raises(StateError, match="cannot open the records"):
        Records(f"sqlite:///{tmp_path / 'records.db'}")


def test_what_a_failed_transaction_wrote_of_a_workspace_is_not_remembered(records: Records) -> None:
    made = records.workspaces.ensure("s", "g", "w")
    with pytest.raises(RuntimeError), records.database.write():
        records.workspaces.change(made.id, lambda properties: properties.update(tags={"a": "b"}))
        assert records.workspaces.get(made.id).properties == {"tags": {"a": "b"}}
        raise RuntimeError
    assert records.workspaces.get(made.id).properties == {}
    assert records.workspaces.ensure("S", "G", "W").properties == {}


def test_a_run_id_is_taken_once(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w")
    experiment = records.experiments.ensure(workspace.id, "e")
    rows = [{"id": f"r{number}", "kind": "step"} for number in range(2500)]
    added = records.runs.add_many(workspace.id, experiment.id, rows)
    assert added == records.runs.query(workspace.id)
    for taken in ([{"id": "r2400", "kind": "step"}], [{"id": "x", "kind": "step"}] * 2):
        with pytest.raises(ConflictError):
            records.runs.add_many(workspace.id, experiment.id, taken)
    assert len(records.runs.query(workspace.id)) == 2500
