"""What `amlbridge compare` is given: a Plan, a run, or a script or pipeline YAML that is run first."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.cli import config_file
from amlbridge.cli.output import EXIT_USAGE, Failure, Waiting, say
from amlbridge.server import home as homes
from amlbridge.server.home import Home

if TYPE_CHECKING:
    from amlbridge.compare.place import Place
    from amlbridge.compare.recorded import Recorded
    from amlbridge.engine.plan import DataReference, Plan
    from amlbridge.engine.records.resources import Resource
    from amlbridge.engine.records.runs import Run
    from amlbridge.engine.records.store import Records
    from amlbridge.engine.records.workspaces import Workspace
    from amlbridge.wire.context import Service

_YAML = (".yml", ".yaml")
_POLL = 0.5


@dataclass(frozen=True)
class Side:
    """One side. ``run`` is None for a Plan that has not run; ``again`` is the command that runs it once more."""

    name: str
    plan: Plan
    run: Recorded | None = None
    again: tuple[str, ...] = ()


class State:
    """The records and files of one state folder, read without its service."""

    def __init__(self, home: Home) -> None:
        if not home.is_ours():
            raise Failure(
                "there is no state to compare runs of",
                why=f"{home.root} is no state folder",
                do="run something first (`amlbridge run`), or name another folder with --left-home or --right-home",
                code=EXIT_USAGE,
            )
        self.home = home
        self._service: Service | None = None

    @property
    def service(self) -> Service:
        """What a service of this folder would work on; opened on first use."""
        if self._service is None:
            from amlbridge.engine.blobs import BlobStore
            from amlbridge.engine.records.store import Records
            from amlbridge.server import shared_assets
            from amlbridge.server.interception.hosts import local_paths
            from amlbridge.server.url_map import UrlMap
            from amlbridge.v1.dataset_sources import URL_MAP
            from amlbridge.wire.context import Service
            from amlbridge.wire.identity import TokenIssuer, load_secret

            issuer = TokenIssuer(load_secret(self.home.secret))
            records = Records(self.home.records_url)
            self._service = Service(self.home.root, records, BlobStore(self.home.blobs), issuer)
            shared_assets.attach(self._service)
            # Data behind URLs that stand for files of this machine.
            self._service.parts[URL_MAP] = local_paths(self._service, UrlMap(self.home.url_map))
        return self._service

    @property
    def records(self) -> Records:
        """The records of the folder."""
        return self.service.records

    def recorded(self, run_id: str) -> Recorded:
        """The run of this id, or the only one whose id begins so, in any workspace. Raises :class:`Failure`."""
        from amlbridge.compare.recorded import read
        from amlbridge.engine.errors import NotFoundError

        found: list[Recorded] = []
        reasons: list[str] = []
        for workspace in self.records.workspaces.list():
            try:
                found.append(read(place_of(self.service, workspace), run_id))
            except NotFoundError as error:
                reasons.append(str(error))
        if len(found) != 1:
            told = [text for text in reasons if "there is no such run" not in text]
            why = "its beginning fits runs of several workspaces" if found else (told or reasons or ["no runs"])[0]
            do = "give a whole run id (`amlbridge status` shows those under way), a Plan, a pipeline YAML or a script"
            raise Failure(f"{run_id} cannot be compared", why=why, do=do, code=EXIT_USAGE)
        return found[0]

    def since(self, moment: float) -> list[Run]:
        """The runs that were created at this moment or later and are no part of another one, oldest first."""
        from amlbridge.engine.records import schema

        runs = [
            run
            for workspace in self.records.workspaces.list()
            for run in self.records.runs.query(workspace.id, schema.run.c.created >= moment)
        ]
        return sorted((run for run in runs if run.root_id == run.id), key=lambda run: run.created)

    def wait(self, run: Run, patience: float | None = None) -> bool:
        """Waits until a run has ended, at most so many seconds. Returns whether it has."""
        waiting, began = Waiting(f"waiting for the run {run.id}"), time.monotonic()
        while not self.records.runs.get(run.workspace_id, run.id).finished:
            passed = time.monotonic() - began
            if patience is not None and passed > patience:
                return False
            time.sleep(_POLL)
            waiting(passed)
        return True


def place_of(service: Service, workspace: Workspace) -> Place:
    """Where the records and files of a workspace lie."""
    from amlbridge.compare.place import Place
    from amlbridge.engine.errors import EngineError
    from amlbridge.server import engine_reuse
    from amlbridge.wire import storage
    from amlbridge.wire.errors import ServiceError
    from amlbridge.wire.mlflow import model_files

    def data_path(datastore: str, path: str) -> Path:
        try:
            return storage.resolve(service, workspace, datastore, path)
        except ServiceError as error:
            raise EngineError(error.message) from error

    def input_files(reference: DataReference) -> list[tuple[str, Path]]:
        try:
            found = list(engine_reuse.input_files(service, workspace, reference))
            # A folder with nothing but an MLTable file describes files that lie elsewhere.
            return found if [name for name, _ in found] != ["MLTable"] else _table_files(service, workspace, *found[0])
        except ServiceError as error:
            raise EngineError(error.message) from error

    def model_path(model: Resource) -> Path | None:
        try:
            path = model_files.local_path(service, workspace, model)
        except ServiceError:
            return None
        return path if path.exists() else None

    def artifact(run: str, name: str) -> Path:
        return service.blobs.path(workspace.storage_account, "azureml", f"ExperimentRun/dcid.{run}/{name}")

    return Place(service.records, workspace, service.home, data_path, artifact, input_files, model_path)


def _table_files(service: Service, workspace: Workspace, name: str, path: Path) -> list[tuple[str, Path]]:
    from amlbridge.v1 import dataflow, dataset_paths

    content = dataflow.load(path.read_text(encoding="utf-8"))
    items = dataset_paths.files(service, workspace, content)
    return [(item.relative, item.path) for item in items] or [(name, path)]


def find(text: str, home: Path | None) -> Side:
    """The side that an argument of the command names; scripts and pipeline YAMLs are run. Raises :class:`Failure`."""
    words = shlex.split(text) if not Path(text).exists() else [text]
    path = Path(words[0]) if words else Path(text)
    if path.suffix.lower() == ".json" and path.is_file():
        return Side(text, _plan(path))
    if path.suffix.lower() in (".py", ".ipynb", *_YAML):
        if not path.is_file():
            raise Failure(f"there is no {path}", do="give the path of a file, or the id of a run", code=EXIT_USAGE)
        return run_again(text, _command(path, words[1:]))
    state = State(Home(home.absolute()) if home is not None else homes.find())
    recorded = state.recorded(text)
    return Side(recorded.title, recorded.plan, recorded)


def _plan(path: Path) -> Plan:
    from amlbridge.engine import plan_json
    from amlbridge.engine.errors import PlanError

    try:
        plan = plan_json.loads(path.read_text(encoding="utf-8"))
        plan_json.topological_order(plan)
    except (PlanError, UnicodeDecodeError, OSError, json.JSONDecodeError) as error:
        do = "give a Plan as amlbridge writes it, a run id, a pipeline YAML or a script"
        raise Failure(f"{path} cannot be compared", why=str(error), do=do, code=EXIT_USAGE) from error
    return plan


def _command(path: Path, arguments: list[str]) -> tuple[str, ...]:
    amlbridge = (sys.executable, "-m", "amlbridge.cli.main")
    if path.suffix.lower() not in _YAML:
        return (*amlbridge, "run", str(path), *arguments)
    config_file.ensure(Path.cwd(), path)
    return (*amlbridge, "exec", "--", sys.executable, "-m", "amlbridge.cli.submit_yaml", str(path))


def run_again(name: str, command: tuple[str, ...]) -> Side:
    """Runs a script or pipeline YAML and waits for its run. Raises :class:`Failure`."""
    say(f"running {name}")
    began = time.time()
    # Standard error by its number: a test runner may have put something else into sys.stderr.
    done = subprocess.run(list(command), stdout=2, check=False)
    home = homes.find()
    state = State(home) if home.is_ours() else None
    # What only logs has nothing to wait for.
    runs = [run for run in state.since(began) if run.plan_id is not None] if state is not None else []
    if state is None or not runs:
        why = f"it ended with exit code {done.returncode} and has started no run"
        raise Failure(f"{name} cannot be compared", why=why, do="see what it printed", code=EXIT_USAGE)
    if len(runs) > 1:
        say(f"{name} has started {len(runs)} runs; the last one is compared", style="yellow")
    state.wait(runs[-1])
    recorded = state.recorded(runs[-1].id)
    return Side(f"{name}, {recorded.title}", recorded.plan, recorded, command)


def once_more(side: Side) -> Side:
    """The same again, without taking results of its earlier runs: so that chance can show. Raises :class:`Failure`."""
    assert side.run is not None
    records, workspace = side.run.place.records, side.run.place.workspace.id
    records.reuse.forget(workspace, [run.id for run in side.run.steps.values()])
    return run_again(side.name.partition(", run ")[0], side.again)
