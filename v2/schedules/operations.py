"""The ARM operations on schedules (protocol notes, section 4)."""

from __future__ import annotations

import re
import uuid

from starlette.responses import Response

from amlbridge.engine.clock import parse_iso
from amlbridge.engine.records.resources import Resource
from amlbridge.v2 import arm_lists
from amlbridge.v2.schedules import firing, records
from amlbridge.wire import assumed_computes
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.schedules import runner, state
from amlbridge.wire.schedules.state import Pending

routes = Routes("schedules", "/WS/schedules")

#: The jobs are named after the schedule.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
_VIEWS = {"enabledonly": (True,), "disabledonly": (False,), "all": (True, False)}


@routes.put("/{name}")
def create_or_update_schedule(call: Call) -> Reply:
    """Makes or replaces a schedule of jobs; without a start time it submits the first one at once."""
    name = call.params["name"]
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name[:60]!r} cannot be the name of a schedule: use up to 200 letters, digits, _ and -, beginning with a "
            "letter or a digit",
            "InvalidName",
        )
    environments = call.identity.environments if call.identity is not None else None
    properties = call.field("properties", dict)
    assumed_computes.ensure_in(call, properties)
    record, new = records.put(call.service, call.workspace, name, properties, environments)
    runner.of(call.service).wake()
    return JsonResponse(records.dto(call.workspace, record), status_code=201 if new else 200)


@routes.get("/{name}")
def get_schedule(call: Call) -> Reply:
    """One schedule with its trigger and the definition of its jobs."""
    return records.dto(call.workspace, _get(call))


@routes.get("")
def list_schedules(call: Call) -> Reply:
    """The schedules, newest first, in pages: those that are enabled, disabled or all of them (``listViewType``)."""
    view = call.query.get("listviewtype") or "EnabledOnly"
    if view.lower() not in _VIEWS:
        raise bad_request(f"listViewType must be EnabledOnly, DisabledOnly or All, not {view[:40]!r}")
    found = reversed(records.all_of(call.service, call.workspace))
    wanted = [item for item in found if item.body["isEnabled"] in _VIEWS[view.lower()]]
    return arm_lists.page(call, wanted, lambda item: records.dto(call.workspace, item))


@routes.delete("/{name}")
def delete_schedule(call: Call) -> Reply:
    """Deletes a schedule that is disabled; the jobs that it submitted stay."""
    if not records.delete(call.service, call.workspace, call.params["name"]):
        return Response(status_code=204)
    return {}


@routes.post("/{name}/trigger")
def trigger_schedule(call: Call) -> Reply:
    """Submits the job of an enabled schedule now, whatever its trigger says."""
    record = _get(call)
    if not record.body["isEnabled"]:
        raise conflict(f"the schedule {record.name} is disabled: enable it first")
    text = call.field("scheduleTime", str, None)
    try:
        due = call.service.clock() if text is None else parse_iso(text)
    except (ValueError, OverflowError):
        raise bad_request(f"scheduleTime must be a time as in 2026-11-20T09:30:00Z, not {str(text)[:60]!r}") from None
    known = state.state_of(call.service, call.workspace, records.STATE_KIND, record.name)
    pending = Pending(due, uuid.uuid4().hex)
    name = firing.SCHEDULES.submit(call.service, call.workspace, record, known, pending)
    return {"scheduleActionType": "CreateJob", "submissionId": name}


def _get(call: Call) -> Resource:
    record = records.find(call.service, call.workspace, call.params["name"])
    if record is None:
        raise not_found(f"there is no schedule {call.params['name']} in the workspace {call.workspace.name}")
    return record
