"""Images and containers as the Docker Engine API describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from amlbridge.server.docker.containers import Container, Image

#: The version of the API whose bodies these are; and the oldest that a client may speak.
API, OLDEST = "1.44", "1.24"
_NEVER = "0001-01-01T00:00:00Z"


def version(release: str) -> dict[str, Any]:
    """What `docker version` shows of the server."""
    return {
        "Version": f"amlbridge-{release}",
        "ApiVersion": API,
        "MinAPIVersion": OLDEST,
        "Os": "linux",
        "Arch": "amd64",
        "Components": [{"Name": "amlbridge", "Version": release}],
    }


def image(item: Image) -> dict[str, Any]:
    """An image, inspected."""
    return {
        "Id": item.id,
        "RepoTags": item.tags,
        "RepoDigests": [],
        "Created": _iso(item.created),
        "Os": "linux",
        "Architecture": "amd64",
        "Size": 0,
        "Config": {"Env": [f"{name}={value}" for name, value in item.recipe.variables.items()], "Labels": {}},
    }


def image_summary(item: Image) -> dict[str, Any]:
    """An image in a list."""
    return {"Id": item.id, "RepoTags": item.tags, "Created": int(item.created), "Size": 0, "Labels": {}}


def container(item: Container) -> dict[str, Any]:
    """A container, inspected."""
    ended = item.status == "exited"
    return {
        "Id": item.id,
        "Name": f"/{item.name}",
        "Created": _iso(item.created),
        "Image": item.image.id,
        "State": {
            "Status": item.status,
            "Running": item.status == "running",
            "Paused": False,
            "Restarting": False,
            "Dead": False,
            "OOMKilled": False,
            "Pid": 0,
            "ExitCode": item.exit_code,
            "Error": item.error,
            "StartedAt": _iso(item.created),
            "FinishedAt": _iso(item.created) if ended else _NEVER,
        },
        "Config": {
            "Image": _image_name(item),
            "Labels": dict(item.labels),
            "Env": [f"{name}={value}" for name, value in {**item.image.recipe.variables, **item.variables}.items()],
            "Tty": item.tty,
        },
        "HostConfig": {
            "Binds": [f"{source}:{target}" for target, source in item.mounts.items()],
            "AutoRemove": item.auto_remove,
        },
        "NetworkSettings": {"Ports": _ports(item), "Networks": {}, "IPAddress": ""},
        "Mounts": [
            {"Type": "bind", "Source": str(source), "Destination": target, "RW": True}
            for target, source in item.mounts.items()
        ],
    }


def container_summary(item: Container) -> dict[str, Any]:
    """A container in a list."""
    ports = [
        {"IP": host["HostIp"], "PrivatePort": int(inner.partition("/")[0]), "PublicPort": int(host["HostPort"])}
        for inner, hosts in _ports(item).items()
        for host in hosts or []
    ]
    return {
        "Id": item.id,
        "Names": [f"/{item.name}"],
        "Image": _image_name(item),
        "ImageID": item.image.id,
        "Command": "scoring server",
        "Created": int(item.created),
        "Ports": [{**port, "Type": "tcp"} for port in ports],
        "Labels": dict(item.labels),
        "State": item.status,
        "Status": item.status,
    }


def _image_name(item: Container) -> str:
    return item.image.tags[0] if item.image.tags else item.image.id


def _ports(item: Container) -> Mapping[str, list[dict[str, str]] | None]:
    # Only the scoring port leads anywhere.
    published = [{"HostIp": "127.0.0.1", "HostPort": str(item.port)}] if item.port is not None else None
    return {inner: published if inner == "5001/tcp" else None for inner in item.bindings}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
