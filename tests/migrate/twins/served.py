"""What of a workspace answers or starts by itself: services with their scores, published pipelines, schedules. Each SDK
has records of its own for them; here they are told in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx

Values = dict[str, Any]
#: Gives the items of a list of SDK v2 by its path.
List = Callable[[str], Iterable[Values]]


def services(client: httpx.Client, scope: str, listed: List) -> Values:
    """Web services and online endpoints with their deployment, by name."""
    old = _read(client, f"/modelmanagement/v1.0{scope}/services")["value"]
    return {
        **{item["name"]: _web_service(item) for item in old},
        **{
            item["name"]: _endpoint(item, list(listed(f"onlineEndpoints/{item['name']}/deployments")))
            for item in listed("onlineEndpoints")
        },
    }


def _web_service(item: Values) -> Values:
    parts = list(item["versions"].values()) if "versions" in item else [item]
    return {
        "state": "Succeeded" if item["state"] == "Healthy" else item["state"],
        "description": item["description"] or "",
        "tags": item["kvTags"],
        "keys": item["authEnabled"],
        "application insights": item["appInsightsEnabled"],
        "models": [f"{one['name']}:{one['version']}" for part in parts for one in part["models"]],
    }


def _endpoint(item: Values, deployments: list[Values]) -> Values:
    of = [deployment["properties"] for deployment in deployments]
    return {
        "state": "Succeeded" if all(one["provisioningState"] == "Succeeded" for one in of) else "Failed",
        "description": item["properties"].get("description") or "",
        "tags": item["tags"],
        "keys": item["properties"]["authMode"] == "Key",
        "application insights": any(one.get("appInsightsEnabled") for one in of),
        "models": [_version(one["model"]) for one in of if one.get("model")],
    }


def _version(asset: str) -> str:
    """``.../models/NAME/versions/1`` as ``NAME:1``."""
    words = asset.split("/")
    return f"{words[-3]}:{words[-1]}"


def published(client: httpx.Client, scope: str, listed: List) -> Values:
    """Published pipelines, their endpoints, and batch endpoints, by name: how many pipelines each has, and whether it
    can be called."""
    found: Values = {}
    old = _read(client, f"/amlbridge{scope}/published?all=true")
    for item in old["endpoints"]:
        found[item["name"]] = {"pipelines": len(item["versions"]), "active": item["status"] == "Active"}
    for item in old["pipelines"]:
        one = found.setdefault(item["name"], {"pipelines": 0, "active": False})
        one["pipelines"] += 1
        one["active"] |= item["status"] == "Active"
    for item in listed("batchEndpoints"):
        pipelines = list(listed(f"batchEndpoints/{item['name']}/deployments"))
        active = bool((item["properties"].get("defaults") or {}).get("deploymentName"))
        found[item["name"]] = {"pipelines": len(pipelines), "active": active}
    return found


def schedules(client: httpx.Client, scope: str, listed: List) -> Values:
    """Schedules by name: when they start what."""
    old = _read(client, f"/pipelines/v1.0{scope}/Schedules?activeOnly=false")
    return {
        **{item["Name"]: _old_schedule(item) for item in (old["Value"] if isinstance(old, dict) else old)},
        **{item["name"]: _schedule(item["properties"]) for item in listed("schedules")},
    }


def _old_schedule(item: Values) -> Values:
    recurrence = item["Recurrence"] or {}
    times = recurrence.get("Schedule") or {}
    return {
        "enabled": item["EntityStatus"] in (0, "0", "Active"),
        "watches": (item["DataStoreTriggerInfo"] or {}).get("DataStoreName"),
        "every": _every(recurrence.get("Interval"), recurrence.get("Frequency")),
        "hours": times.get("Hours") or [],
        "minutes": times.get("Minutes") or [0],
        "week days": times.get("WeekDays") or [],
        "experiment": item["PipelineSubmissionInfo"].get("ExperimentName"),
    }


def _schedule(properties: Values) -> Values:
    trigger = properties["trigger"]
    times = trigger.get("schedule") or {}
    return {
        "enabled": properties["isEnabled"],
        "watches": None,
        "every": _every(trigger.get("interval"), trigger.get("frequency")),
        "hours": times.get("hours") or [],
        "minutes": times.get("minutes") or [0],
        "week days": times.get("weekDays") or [],
        "experiment": properties["action"]["jobDefinition"].get("experimentName"),
    }


def _every(interval: int | None, frequency: str | None) -> str:
    return f"{interval} {frequency}".lower()


def _read(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    answer.raise_for_status()
    return answer.json()
