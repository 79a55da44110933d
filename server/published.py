"""What `amlbridge published` asks of the service: the list, one pipeline, export and import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amlbridge.v1.pipelines import archive_export, archive_import, overview
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request
from amlbridge.wire.routing import Reply, Routes

routes = Routes("amlbridge", "/amlbridge/WS/published")


@routes.get("")
def list_published(call: Call) -> Reply:
    """The published pipelines and endpoints of a workspace with their runs (``all=true``: disabled ones too)."""
    text = call.query.get("all", "false").lower()
    if text not in ("true", "false"):
        raise bad_request("all is true or false")
    return overview.listing(call.service, call.workspace, every=text == "true")


@routes.get("/one")
def show_published(call: Call) -> Reply:
    """What an id or a name (``name``, ``version``) stands for: parameters, steps, schedules, recent runs."""
    name = call.query.get("name")
    if not name:
        raise bad_request("name the published pipeline or endpoint (query parameter name)")
    chosen = overview.choose(call.service, call.workspace, name, call.query.get("version") or None)
    return overview.details(call.service, call.workspace, chosen)


@routes.post("/export")
def export_published(call: Call) -> Reply:
    """Writes a published pipeline with its code to a file of this machine (``path``), which its caller could, too."""
    chosen = overview.choose(call.service, call.workspace, call.field("name", str), call.field("version", str, None))
    path, overwrite = Path(call.field("path", str)), call.field("overwrite", bool, False)
    return archive_export.export(call.service, call.workspace, chosen.pipeline, path, overwrite=overwrite)


@routes.post("/import")
def import_published(call: Call) -> Reply:
    """Makes a published pipeline of such a file. A file that is damaged, or lacks something here, changes nothing."""
    options = archive_import.Options(
        call.field("name", str, None) or None, _table(call, "computes"), _table(call, "datastores")
    )
    return archive_import.import_archive(call, Path(call.field("path", str)), options)


def _table(call: Call, name: str) -> dict[str, str]:
    found: dict[str, Any] = call.field(name, dict, {})
    if not all(isinstance(value, str) and value for value in found.values()):
        raise bad_request(f"the field {name!r} maps names to names")
    return found
