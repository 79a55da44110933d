"""Published pipelines as people read them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import click

from amlbridge.cli.output import duration, say, size, table

#: At most so many files of a code snapshot are listed.
_MOST_FILES = 20


def show_list(found: dict[str, Any], workspace: str, *, every: bool) -> None:
    """The answer to `published list`."""
    pipelines, endpoints = found["pipelines"], found["endpoints"]
    if not pipelines and not endpoints:
        more = "" if every else "; `--all` lists disabled ones, too"
        click.echo(f"nothing is published in the workspace {workspace} (pipeline.publish() does it){more}")
        return
    if pipelines:
        headers = ("published pipeline", "id", "version", "status", "endpoints", "runs", "last run")
        table(headers, [_row(item) for item in pipelines])
    if endpoints:
        if pipelines:
            click.echo()
        headers = ("pipeline endpoint", "id", "versions", "status", "default", "runs", "last run")
        table(headers, [_endpoint_row(item) for item in endpoints])


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    endpoints = ", ".join(f"{entry['name']}:{entry['version']}" for entry in item["endpoints"])
    runs = (str(item["runs"]), _last(item["last_run"]))
    return item["name"] or "", item["id"], item["version"] or "", item["status"], endpoints, *runs


def _endpoint_row(item: dict[str, Any]) -> tuple[str, ...]:
    versions = ", ".join(entry["version"] for entry in item["versions"])
    runs = (str(item["runs"]), _last(item["last_run"]))
    return item["name"], item["id"], versions, item["status"], item["default_version"], *runs


def _last(run: dict[str, Any] | None) -> str:
    return "" if run is None else f"{run['status']} {_local(run['created'])}"


def _local(timestamp: float | None) -> str:
    return "-" if timestamp is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(timestamp))


def show(found: dict[str, Any]) -> None:
    """The answer to `published show`."""
    pipeline, endpoint = found["pipeline"], found["endpoint"]
    if endpoint is not None:
        _head("pipeline endpoint", endpoint)
        click.echo()
        rows = [
            (item["version"], "default" if item["version"] == endpoint["default_version"] else "", *_named(item))
            for item in endpoint["versions"]
        ]
        table(("version", "", "published pipeline", "id", "status"), rows)
        click.echo(f"\nits version {found['version']}:")
    _head("published pipeline", pipeline)
    if endpoint is None and pipeline["endpoints"]:
        entries = [
            f"{item['name']}:{item['version']}{' (default)' if item['default'] else ''}"
            for item in pipeline["endpoints"]
        ]
        click.echo(f"  endpoints  {', '.join(entries)}")
    if found["problem"]:
        say(f"it cannot run as it is: {found['problem']}", style="yellow")
    _section(("parameter", "type", "default"), [_parameter(item) for item in found["parameters"]])
    data = [(item["name"], item["kind"], item["default"] or "(required)") for item in found["data"]]
    _section(("data parameter", "kind", "default"), data)
    steps = [(item["name"], item["runs"], item["compute"] or "", item["environment"] or "") for item in found["steps"]]
    _section(("step", "runs", "compute", "environment"), steps)
    _section(("schedule", "when", "next due", "last due", "problem"), [_schedule(item) for item in found["schedules"]])
    _section(("recent run", "status", "started", "took", "by"), [_run(item) for item in found["recent_runs"]])


def _head(kind: str, item: dict[str, Any]) -> None:
    click.echo(f"{kind} {item['name'] or ''}")
    version = f", version {item['version']}" if item.get("version") else ""
    click.echo(f"  id         {item['id']}")
    click.echo(f"  status     {item['status']}{version}")
    if item["description"]:
        click.echo(f"  about      {item['description']}")
    click.echo(f"  created    {_local(item['created'])}")
    click.echo(f"  runs       {item['runs']}{', last ' + _last(item['last_run']) if item['last_run'] else ''}")
    click.echo(f"  url        {item['url']}")


def _named(item: dict[str, Any]) -> tuple[str, str, str]:
    return item["name"] or "", item["id"], item["status"]


def _section(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        click.echo()
        table(headers, rows)


def _parameter(item: dict[str, Any]) -> tuple[str, str, str]:
    default = item["default"]
    text = default if isinstance(default, str) else json.dumps(default)
    return item["name"], item["type"], "(required)" if item["required"] else text


def _schedule(item: dict[str, Any]) -> tuple[str, ...]:
    polling, recurrence = item["polling"], item["recurrence"]
    if polling is not None:
        place = "/".join(str(polling.get(key) or "") for key in ("DataStoreName", "PathOnDataStore"))
        when = f"when {place} changes"
    else:
        times = recurrence.get("Schedule") or {}
        more = [f"{name.lower()} {', '.join(map(str, value))}" for name, value in times.items() if value]
        zone = recurrence["TimeZone"] or "UTC"
        when = " · ".join([f"every {recurrence['Interval']} {recurrence['Frequency'].lower()}", *more, zone])
    due = _local(item["next_due"]) if item["active"] else "disabled"
    return item["name"], when, due, _local(item["last_due"]), item["error"] or ""


def _run(item: dict[str, Any]) -> tuple[str, ...]:
    started = "schedule" if item["schedule_id"] else f"version {item['endpoint_version']}"
    by = started if item["schedule_id"] or item["endpoint_version"] else ""
    return item["id"], item["status"], _local(item["created"]), duration(item["created"], item["ended"]), by


def show_export(found: dict[str, Any], seconds: float) -> None:
    """What an archive holds, to be read before it is given away."""
    needs = found["needs"]
    click.echo(f"wrote {found['path']} ({size(found['size'])}, {seconds:.1f} s). In it are:")
    click.echo(f"  steps         {', '.join(step['name'] for step in found['steps'])}")
    for files in found["snapshots"].values():
        click.echo(f"  code          {len(files)} files, {size(sum(file['size'] for file in files))}:")
        for file in files[:_MOST_FILES]:
            click.echo(f"                  {file['name']} ({size(file['size'])})")
        if len(files) > _MOST_FILES:
            click.echo(f"                  and {len(files) - _MOST_FILES} more (--json lists all)")
    if found["environments"]:
        click.echo(f"  environments  {', '.join(found['environments'])}")
    if found["variables"]:
        click.echo(f"  variables     {', '.join(found['variables'])} (environment variables of steps, with values)")
    for item in found["datasets"]:
        reads = ", ".join(item["reads"]) or "no datastore"
        click.echo(f"  dataset       {item['name'] or 'not registered'}: its definition (reads {reads})")
    click.echo("Not in it:")
    click.echo(f"  data          {', '.join(needs['data']) or 'it reads none'}")
    click.echo(f"  computes      {', '.join(needs['computes'])}")
    click.echo(f"  datastores    {', '.join(needs['datastores']) or 'none'} (nor their credentials)")
    if found["sensitive"]:
        say(f"by their names, these files may hold secrets: {', '.join(found['sensitive'])}", style="yellow")
        click.echo(
            "  do:   leave them out with .amlignore and publish again, or keep the archive to yourself", err=True
        )
    else:
        say("source directories and environment variables may hold secrets: look at the list before you give it away")


def show_import(found: dict[str, Any]) -> None:
    """What an import made."""
    version = f", version {found['version']}" if found["version"] else ""
    click.echo(f"published {found['name'] or ''}{version} in the workspace {found['workspace']}")
    click.echo(f"  id    {found['id']}")
    click.echo(f"  url   {found['url']}")
    click.echo(f"  with  {found['steps']} steps, {found['files']} files of code")
    for item in found["environments"]:
        state = "registered" if item["registered"] else "was there"
        click.echo(f"  environment {item['name']}:{item['version']}: {state}")
    for item in found["datasets"]:
        state = "registered" if item["registered"] else "was there" if item["name"] else "recorded"
        click.echo(f"  dataset {item['name'] or item['id']}: {state}")
    for path in found["missing_data"]:
        say(f"the pipeline reads {path}, where there is nothing yet: upload it, or give other data", style="yellow")
    say(f"`amlbridge published run {found['id']} --wait` runs it")
