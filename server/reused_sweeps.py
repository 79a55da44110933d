"""The sweep of a step that is not run again: ``HyperDriveStepRun`` looks for a sweep with trials below the step, so the
reused step gets those of its original under ids of its own."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from amlbridge.engine.content_digest import files_below
from amlbridge.engine.host import StepContext
from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.records.runs import Run
from amlbridge.engine.sweep import settings as sweeps
from amlbridge.engine.sweep.controller import KIND
from amlbridge.server.linked_files import link
from amlbridge.wire.context import Service

#: The columns that a copy has from its original.
_COPIED = (
    *("kind", "display_name", "description", "status", "started", "ended", "target", "script", "tags", "properties"),
    *("error", "extra", "execution"),
)


def take(service: Service, context: StepContext, original: Candidate) -> None:
    """Copies the sweep below the original step, if it has one. May be called again for the same step."""
    if context.node.kind != "sweep" or sweeps.of(context.node).nested is None:
        return
    workspace = context.workspace.id
    found = [run for run in service.records.runs.children(workspace, original.run_id) if run.kind == KIND]
    sweep_id = f"{sweeps.of(context.node).nested}{uuid.uuid5(uuid.NAMESPACE_OID, context.run_id)}"
    if not found or service.records.runs.find(workspace, sweep_id) is not None:
        return
    runs = {found[0].id: found[0]} | {run.id: run for run in service.records.runs.children(workspace, found[0].id)}
    ids = {run_id: run_id.replace(found[0].id, sweep_id, 1) for run_id in runs}
    with service.records.database.write():
        for run in runs.values():
            is_sweep = run.id == found[0].id
            parent = context.run_id if is_sweep else sweep_id
            values = {**_columns(run, ids), "name": context.run_id if is_sweep else run.name, "parent_id": parent}
            service.records.runs.add(workspace, context.experiment_id, ids[run.id], **values)
            metrics = service.records.metrics.values(workspace, run.id)
            copies = [dataclasses.replace(item, data=_renamed(item.data, ids)) for item in metrics]
            service.records.metrics.add(workspace, ids[run.id], copies)
    account = context.workspace.storage_account
    for run_id, copy in ids.items():
        source, target = (
            service.blobs.path(account, "azureml", f"ExperimentRun/dcid.{name}") for name in (run_id, copy)
        )
        for name, path in files_below(source):
            link(path, target / name)


def _columns(run: Run, ids: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(run, name) for name in _COPIED}
    tags = {_renamed_text(name, ids): value for name, value in run.tags.items()}
    return {**found, "tags": tags, "properties": _renamed(run.properties, ids)}


def _renamed(values: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {name: _renamed_text(value, ids) if isinstance(value, str) else value for name, value in values.items()}


def _renamed_text(text: str, ids: dict[str, str]) -> str:
    """An id, alone or behind a prefix of the service's, as that of the copy."""
    for prefix in ("", "_aml_system_", "dcid."):
        if text.removeprefix(prefix) in ids and text.startswith(prefix):
            return prefix + ids[text.removeprefix(prefix)]
    return text
