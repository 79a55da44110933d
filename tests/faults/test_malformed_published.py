"""Published pipelines, endpoints, drafts and schedules, asked in wrong ways: no 5xx, and an error leaves no trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from amlbridge.v1.pipelines import schedule_firing
from amlbridge.wire.schedules.runner import ScheduleRunner
from tests.faults import test_malformed, valid, valid_published
from tests.faults.malformed import WHOLE, Malformer
from tests.faults.test_malformed import OPERATIONS, SCOPE, SECRET, WS, Target

pytestmark = pytest.mark.slow

target = test_malformed.target
_BASE = f"/pipelines/v1.0{WS}"
#: Steps of runs are left out: the engine writes them while we ask. The rest is written by requests alone.
_WRITTEN = (
    "SELECT count(*), max(seq), max(modified), sum(length(body)) FROM resource",
    "SELECT count(*), sum(length(name)) FROM experiment",
    "SELECT count(*), max(seq) FROM run WHERE kind = 'pipeline'",
    "SELECT count(*) FROM workspace",
)


def _written(target: Target) -> list[Any]:
    with target.service.records.database.read() as connection:
        return [tuple(connection.execute(text(statement)).one()) for statement in _WRITTEN]


def _send(target: Target, method: str, path: str, body: Any) -> Any:
    answer = target.ask(method, path, "", json.dumps(body).encode())
    assert answer.status == 200, (path, answer.body)
    return answer.json


def test_no_bad_body_is_a_server_error_or_recorded(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    good = test_malformed.prepare(target)
    maker = Malformer(11, target.victim)
    module, source, saved = (
        _send(target, *next((method, path, body) for method, path, _, body in good if path.endswith(end)))
        for end in ("/Modules", "/DataSources", "/saveddatasets")
    )
    ids = (module["Data"]["Id"] if "Data" in module else module["Id"], source["Id"], saved["id"])
    requests = valid_published.prepare(lambda *request: _send(target, *request), _BASE, *ids)
    found: dict[str, str] = {}
    accepted: dict[str, int] = {}
    refused: dict[str, int] = {}
    before = _written(target)
    for method, path, _, content in requests:
        label = f"{method} {path.removeprefix(_BASE)}"
        for number in range(120):
            body = WHOLE[number] if number < len(WHOLE) else None
            if body is None:
                body = json.dumps(valid.mutate(content, maker.random, lambda: maker.value(()))).encode()
            answer = target.ask(method, path, "", body)
            maker.remember(answer)
            after = _written(target)
            if answer.status < 400:
                accepted[label] = accepted.get(label, 0) + 1
            else:
                refused[label] = refused.get(label, 0) + 1
                if answer.status >= 500 or SECRET.encode() in answer.body or answer.json["error"]["details"] != []:
                    found.setdefault(f"{label}: {answer.status} {answer.body[:300]!r}", f"{body[:1500]!r}")
                if after != before:
                    found.setdefault(f"{label}: recorded though {answer.body[:200]!r}", f"{body[:1500]!r}")
            before = after
        # A wrong request may have been a good one that changed what the next ones need: a name, a status.
        if method == "PUT":
            assert target.ask(method, path, "", json.dumps(content).encode()).status == 200, label
            before = _written(target)
    # What was accepted can be read again, and a schedule that was accepted fires or says why not.
    mistakes: list[str] = []
    monkeypatch.setattr(schedule_firing.SCHEDULES, "give_up", lambda *given: mistakes.append(repr(given[-1])))
    ScheduleRunner(target.service, schedule_firing.SCHEDULES).run_due()
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.service == "pipelines" and operation.refused is None:
            for _ in range(8 if "{" in operation.path.rpartition("{workspace}")[2] else 1):
                answer = target.ask("GET", maker.path(operation, SCOPE, wild=False))
                if answer.status >= 500:
                    found.setdefault(f"GET {operation.path[-60:]}: {answer.status} {answer.body[:300]!r}", "")
    assert not found, "\n".join(f"{key}\n    {value}" for key, value in found.items())
    assert mistakes == []
    # Each operation was reached: some of its wrong bodies are harmless, most are not.
    labels = {f"{method} {path.removeprefix(_BASE)}" for method, path, _, _ in requests}
    assert accepted.keys() == labels
    assert refused.keys() == labels
    assert target.outside() == target.before
