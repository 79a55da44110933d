"""What `amlbridge doctor` looks at. A check returns findings; none of them changes anything."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from amlbridge.cli import states
from amlbridge.cli.output import size
from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import VARIABLE, Home

#: Distribution -> the first version that does not work, with the reason.
_TOO_NEW = {
    "setuptools": ((81,), "azureml-core imports pkg_resources, which setuptools 81 dropped"),
    "mlflow": ((3,), "mlflow 3 cannot work beside the v1 client"),
    "sqlalchemy": ((2, 1), "mlflow 2.22's own store breaks with SQLAlchemy 2.1"),
    "pandas": ((3,), "azureml-dataprep needs pandas 2"),
}
_V1 = ("azureml-core", "azureml-pipeline-core", "azureml-pipeline-steps", "azureml-dataprep")
_SERVICE = ("starlette", "uvicorn", "trustme", "pyjwt", "certifi", "psutil", "sqlalchemy", "python-multipart")
_GB = 1024**3


@dataclass(frozen=True)
class Finding:
    """What one check found. ``do``: what to do about it."""

    check: str
    state: Literal["ok", "warning", "PROBLEM"]
    detail: str
    do: str = ""


def run_all(home: Home) -> list[Finding]:
    """Every check, in the order in which the problems are best solved."""
    checks: list[Callable[[Home], Iterator[Finding]]] = [
        _python,
        _packages,
        _home,
        _states,
        _disk,
        _service,
        _certificates,
        _client_caches,
        _environment,
    ]
    return [finding for check in checks for finding in check(home)]


def without_home(error: StateError) -> list[Finding]:
    """What can be checked where there is no place for a state folder; ``error`` says why."""
    why, _colon, do = str(error).rpartition(": ")
    return [*_python(), *_packages(), Finding("home", "PROBLEM", why, do), *_environment()]


def _python(_: Home | None = None) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in ((3, 10), (3, 11)):
        yield Finding("Python", "ok", version)
    else:
        yield Finding(
            "Python", "warning", f"{version}: SDK v1 ends with 3.11", "use Python 3.10 or 3.11 for v1 scripts"
        )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _packages(_: Home | None = None) -> Iterator[Finding]:
    missing = [name for name in _SERVICE if _version(name) is None]
    if missing:
        yield Finding("service", "PROBLEM", f"{', '.join(missing)} not installed", "pip install 'amlbridge[v1]'")
    found = {name: _version(name) for name in _V1}
    absent = [name for name, version in found.items() if version is None]
    if len(absent) == len(_V1):
        yield Finding("SDK v1", "warning", "not installed", "pip install 'amlbridge[v1]' to run v1 scripts")
    elif absent:
        yield Finding("SDK v1", "PROBLEM", f"{', '.join(absent)} not installed", "pip install 'amlbridge[v1]'")
    else:
        yield Finding("SDK v1", "ok", ", ".join(f"{name} {version}" for name, version in found.items()))
    v2 = _version("azure-ai-ml")
    if v2 is None:
        yield Finding("SDK v2", "warning", "not installed", "pip install 'amlbridge[v2]' to run v2 scripts")
    else:
        yield Finding(
            "SDK v2", "ok", f"azure-ai-ml {v2}, azure-identity {_version('azure-identity') or 'not installed'}"
        )
    for name, (limit, why) in _TOO_NEW.items():
        version = _version(name)
        if version is None and name == "setuptools" and len(absent) < len(_V1):
            yield Finding(name, "PROBLEM", f"not installed: {why}", "pip install 'setuptools<81'")
        elif version is not None and _numbers(version)[: len(limit)] >= limit:
            wanted = ".".join(map(str, limit))
            yield Finding(name, "PROBLEM", f"{version}: {why}", f"pip install '{name}<{wanted}'")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _home(home: Home) -> Iterator[Finding]:
    if not home.root.exists():
        parent = next(folder for folder in home.root.parents if folder.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield Finding("home", "ok", f"{home.root} (made on first use)")
        else:
            yield Finding("home", "PROBLEM", f"{parent} is not writable", f"set {VARIABLE} to a folder of your own")
        return
    try:
        home.check()
    except (StateError, OSError) as error:
        why, _, do = str(error).rpartition(": ")
        yield Finding("home", "PROBLEM", why or do, do)
        return
    secret = home.secret
    if secret.exists() and secret.stat().st_mode & 0o077:
        yield Finding("home", "PROBLEM", f"{secret} can be read by other users", f"chmod 600 {secret}")
    else:
        yield Finding("home", "ok", str(home.root))


def _states(home: Home) -> Iterator[Finding]:
    """A state folder within the project is uploaded with the code; one without its project takes room for nothing."""
    project = homes.find_project()
    if home.root.exists() and home.root.resolve().is_relative_to(project.resolve()):
        detail = f"{home.root} lies within the project: the SDK uploads it with a source_directory that holds it"
        do = "keep scripts in a folder of their own, or `amlbridge reset`: the next state folder lies outside"
        if os.environ.get(VARIABLE):
            do = f"set {VARIABLE} to a folder outside, or keep scripts in a folder of their own"
        yield Finding("home", "warning", detail, do)
    for state in states.known():
        if state.orphaned:
            root = state.home.root
            detail = f"{root} ({size(states.folder_size(root))}) is of {state.project}, which is gone"
            do = f"if it is not needed: {VARIABLE}={shlex.quote(str(root))} amlbridge reset"
            yield Finding("states", "warning", detail, do)


def _disk(home: Home) -> Iterator[Finding]:
    folder = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "warning", "PROBLEM"] = "ok" if free > 2 * _GB else "warning" if free > _GB / 4 else "PROBLEM"
    do = "" if state == "ok" else f"free some space, or set {VARIABLE} to a folder on another disk"
    yield Finding("disk", state, f"{free / _GB:.1f} GB free", do)


def _service(home: Home) -> Iterator[Finding]:
    found = lifecycle.find(home)
    if found.state == "up" and found.address is not None:
        yield Finding("service", "ok", f"up at {found.address.http_url} (pid {found.address.pid})")
        if found.address.version != _version("amlbridge"):
            detail = f"it is amlbridge {found.address.version}, this is {_version('amlbridge')}"
            yield Finding("service", "warning", detail, "amlbridge down && amlbridge up")
        return
    if found.state == "silent" and found.address is not None:
        detail = f"pid {found.address.pid} does not answer; its log is {home.log}"
        yield Finding("service", "PROBLEM", detail, "amlbridge down && amlbridge up")
        return
    left = " (the last one was killed; its address is ignored)" if home.address.exists() else ""
    yield Finding("service", "ok", f"down{left}; `amlbridge run` starts it")
    for name, port in home.read_ports().items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, TypeError, OverflowError):
                detail = f"{port}, the last {name.replace('_', ' ')}, is taken by another program: the next will differ"
                yield Finding("ports", "warning", detail, "load the variables of `amlbridge env` again after `up`")


def _certificates(home: Home) -> Iterator[Finding]:
    from cryptography.x509 import load_pem_x509_certificate  # comes with trustme

    from amlbridge.server import certificates

    bundle = certificates.bundle(home.certificates)
    if not home.certificates.exists() or not certificates.leaf(home.certificates).exists():
        yield Finding("TLS", "ok", "certificates are made when the service starts")
        return
    again = f"remove {home.certificates} while the service is down; `amlbridge up` makes it anew"
    try:
        context = ssl.create_default_context(cafile=str(bundle))
        expires = load_pem_x509_certificate(certificates.leaf(home.certificates).read_bytes()).not_valid_after_utc
        left = (expires.timestamp() - time.time()) / 86400
    except (OSError, ValueError) as error:
        yield Finding("TLS", "PROBLEM", f"the certificates cannot be read: {error}", again)
        return
    if left < 30:
        yield Finding("TLS", "PROBLEM", f"the certificate expires in {left:.0f} days", again)
        return
    found = lifecycle.find(home)
    if found.state == "up" and found.address is not None:
        try:
            with (
                socket.create_connection(("127.0.0.1", found.address.https_port), timeout=5) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1"),
            ):
                pass
        except OSError as error:
            yield Finding(
                "TLS", "PROBLEM", f"the service's certificate is not trusted: {error}", "amlbridge down && up"
            )
            return
    yield Finding("TLS", "ok", f"certificate and bundle are good for {left:.0f} days")


def _client_caches(home: Home) -> Iterator[Finding]:
    """The v1 client keeps the cloud's endpoints in $AZURE_CONFIG_DIR/cloudEndpoints.json for ever. (What it keeps in
    ~/.azureml/.discovery does no harm: the key holds the discovery URL, and a damaged file is written anew.)"""
    ports = home.read_ports()
    for cache in (home.azure_config / "cloudEndpoints.json", Path.home() / ".azure" / "cloudEndpoints.json"):
        if not cache.is_file():
            continue
        text = cache.read_text(errors="replace")
        if "127.0.0.1" in text and f":{ports.get('https_port')}" not in text:
            yield Finding("client cache", "PROBLEM", f"{cache} names a service that is gone", f"rm {cache}")


def _environment(_: Home | None = None) -> Iterator[Finding]:
    from amlbridge.server.network_guard import upstream

    try:
        upstream.from_environment()
    except StateError as error:
        why, _colon, do = str(error).rpartition(": ")
        yield Finding("proxy", "PROBLEM", why, do)
    proxies = [name for name in ("HTTP_PROXY", "http_proxy") if os.environ.get(name)]
    excepted = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    if proxies and "127.0.0.1" not in excepted and excepted != "*":
        detail = f"{proxies[0]} is set and NO_PROXY does not name 127.0.0.1"
        do = "nothing for `amlbridge run`; a shell needs the variables of `amlbridge env`, which name it"
        yield Finding("proxy", "warning", detail, do)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        value = os.environ.get(name)
        if value and not Path(value).is_file():
            yield Finding("TLS", "PROBLEM", f"{name} names {value}, which is not there", f"unset {name}")
    if "AZUREML_RUN_ID" in os.environ:
        detail = "AZUREML_RUN_ID is set: Run.get_context() takes your scripts for steps of that run"
        yield Finding("environment", "PROBLEM", detail, "unset AZUREML_RUN_ID")
