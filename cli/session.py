"""What `run` and `exec` put around a command: the service, its variables, the guard, progress and the final table."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from amlbridge.cli import assumed_computes, config_file, polling
from amlbridge.cli.child import Child
from amlbridge.cli.output import EXIT_STOPPED, EXIT_UNAVAILABLE, Failure, Waiting, say
from amlbridge.cli.progress import Progress
from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import Home
from amlbridge.server.network_options import EVERYTHING, NetworkOptions

#: Seconds that a script gets to show where it called Azure before it is ended.
_GRACE = 1.0


#: What is said of a connection that was not answered, by the reason, when the script goes on.
_UNANSWERED = {
    "background": "refused a background connection to {host} (telemetry, metadata or a schema); the script goes on",
    "other": "refused a connection to {host}: with --intercept other hosts are reached with --allow-host {host} or "
    "--allow-network; the script goes on",
    "missing": "{url} is not there: put it into {folder}, or amlbridge map add {url} PATH",
}


@dataclass(frozen=True)
class Options:
    """How to run a command. ``progress`` None: when standard error is a terminal. ``environments`` None: as the service
    was started."""

    allowed_hosts: tuple[str, ...] = ()
    allow_network: bool = False
    intercept: bool = False
    progress: bool | None = None
    environments: str | None = None
    write_config: bool = False
    script: Path | None = None


@dataclass
class _Guarded:
    """What the guard said so far."""

    seen: set[tuple[str, str]] = field(default_factory=set)
    #: When the first connection was stopped that ends the command.
    at: float | None = None


def run(command: Sequence[str], options: Options) -> int:
    """Runs a command against the local workspace and returns its exit code."""
    home = homes.find()
    address = _service(home)
    running = NetworkOptions.from_address(home.read_address())
    options = replace(options, intercept=options.intercept or running.intercept)
    if options.write_config:
        _write_config(options.script)
    guarded = _Guarded()
    lock = threading.Lock()

    def stopped(event: dict[str, Any]) -> None:
        with lock:
            _tell(event, guarded)

    def lost() -> None:
        say(
            "the service went away while this ran; `amlbridge up` starts it again and goes on with its pipeline runs "
            f"(`amlbridge status`), its log is {home.log}",
            style="red",
        )

    watcher, environment = _guard(command, home, address, options, stopped, lost)
    progress = Progress(home, address, options.progress, since=time.time())
    try:
        child = Child(command, environment)
        progress.start()
        code = child.wait(lambda: guarded.at is not None and time.monotonic() - guarded.at > _GRACE)
    finally:
        progress.stop()
        watcher.close()
    progress.show_runs()
    progress.show_assumed_computes()
    progress.show_unfound(failed=code != 0)
    if guarded.at is not None:
        return EXIT_STOPPED
    return code


def _service(home: Home) -> lifecycle.Address:
    try:
        address, started = lifecycle.start(home, Waiting("waiting for the service"))
    except StateError as error:
        raise Failure.of("the local workspace service cannot be used", error, EXIT_UNAVAILABLE) from error
    if started:
        say(f"started the local workspace service (home {home.root}); `amlbridge down` stops it")
    return address


def _write_config(script: Path | None) -> None:
    try:
        written = config_file.ensure(Path.cwd(), script)
    except OSError as error:
        say(f"there is no config.json and none can be written here: {error.strerror}", style="yellow")
        return
    if written is not None:
        say(f"wrote {written}: it names the workspace that Workspace.from_config() finds")


def _guard(
    command: Sequence[str], home: Home, address: lifecycle.Address, options: Options, stopped: Any, lost: Any
) -> tuple[Any, dict[str, str]]:
    from amlbridge.server import az_profile, client_packages
    from amlbridge.server import client_environment as variables
    from amlbridge.server.network_guard import upstream
    from amlbridge.server.network_guard.watch import Watcher
    from amlbridge.wire.identity import TokenIssuer, load_secret

    session = f"{upstream.SESSION_PREFIX}run-{secrets.token_hex(8)}"
    if options.intercept:
        session = variables.intercepting(session)
    direct = options.allow_network and not options.intercept and not _serves_map(home)
    watcher = Watcher(
        address.guard_port,
        session,
        variables.guard_password(TokenIssuer(load_secret(home.secret)), session),
        allowed={EVERYTHING, *options.allowed_hosts} if options.allow_network else options.allowed_hosts,
        upstream=upstream.Upstream() if direct else upstream.from_environment(),
        stopped=stopped,
        lost=lost,
    )
    variables.forget_cached_cloud(home)
    guard_port = None if direct else address.guard_port
    ports = (address.http_port, address.https_port)
    ours = variables.variables(home, *ports, guard_port=guard_port, session=session, environments=options.environments)
    # Inside `amlbridge exec` the proxies are another session's: with --allow-network they have to go.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if (name not in variables.UNSET or (options.intercept and name in variables.SERVICE_PRINCIPAL))
        and not (name in variables.PROXY_VARIABLES and upstream.is_guard(value))
    }
    ours |= client_packages.variables(home.root)
    found = {**inherited, **ours, **polling.variables(options.script, inherited)}
    found |= assumed_computes.variables(options.script)
    return watcher, {**found, **az_profile.prepare(home, command, found, Path.cwd())}


def _serves_map(home: Home) -> bool:
    """Whether the script of --allow-network is to use the guard, for mapped URLs. Says what that means."""
    from amlbridge.server.network_guard import upstream
    from amlbridge.server.url_map import UrlMap

    hosts = ", ".join(sorted(UrlMap(home.url_map).hosts))
    if not hosts:
        return False
    try:
        upstream.from_environment()
    except StateError:
        do = "unset it for this run, or leave --allow-network out"
        say(
            f"your proxy leads past amlbridge, so mapped URLs of {hosts} are NOT served to this script: {do}",
            style="red",
        )
        return False
    say(f"mapped URLs of {hosts} are served; others there are stopped: --allow-host HOST reaches the real host instead")
    return True


def _folder(url: str) -> str:
    """Where the file of an intercepted storage URL would lie."""
    parts = urlsplit(url)
    account, kind = [*(parts.hostname or "").split("."), "", ""][:2]
    container = parts.path.strip("/").partition("/")[0]
    return str(homes.find().blobs / (f"{account}-file" if kind == "file" else account) / container)


def _tell(event: dict[str, Any], guarded: _Guarded) -> None:
    from amlbridge.server.network_guard.policy import advice

    host, session, url = event["host"], event["session"], event["url"]
    if (session, url or host) in guarded.seen:
        return
    guarded.seen.add((session, url or host))
    of_step = "-step-" in session
    if not event["ends"]:
        say(_UNANSWERED[event["why"]].format(host=host, url=url, folder=_folder(url)))
        return
    if event["why"] == "unmapped":
        say(f"stopped {'a step' if of_step else 'the script'}: {url} is not mapped to a file", style="red")
        do = f"amlbridge map add {url} PATH, or let {host} through with --allow-host {host}"
        print(f"  do:   {do}", file=sys.stderr, flush=True)
        if not of_step and guarded.at is None:
            guarded.at = time.monotonic()
        return
    where = "a step's connection" if of_step else "the connection"
    say(f"stopped {where} to {host}: it is a real Azure host, and nothing leaves this machine", style="red")
    print(f"  do:   {advice(host)}", file=sys.stderr, flush=True)
    if not of_step and guarded.at is None:
        guarded.at = time.monotonic()
