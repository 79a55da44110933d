"""Starts, replaces and stops the model servers of deployments; starts them again with the service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from amlbridge.engine.environments.provider import Environments, Step
from amlbridge.engine.plan import Node
from amlbridge.engine.serving.contract import Program, Server, State
from amlbridge.engine.serving.fleet import Fleet
from amlbridge.engine.serving.server import ModelServer, tail
from amlbridge.wire import step_environment
from amlbridge.wire.context import Service
from amlbridge.wire.serving import files, records
from amlbridge.wire.serving.files import ModelFiles
from amlbridge.wire.serving.records import Deployment

log = logging.getLogger(__name__)

#: The shared part.
PART = "serving"


class Operator:
    """The model servers of the service. ``variables(key)`` are those that lead the SDKs and the connections of a
    scoring script; the environment's own and the deployment's come on top."""

    def __init__(self, service: Service, variables: Callable[[str], Mapping[str, str]]) -> None:
        self._service = service
        self._variables = variables
        self.fleet = Fleet()
        self._lock = threading.Lock()
        self._changing: dict[str, threading.Lock] = {}

    def _alone(self, deployment: Deployment) -> threading.Lock:
        """Held while the files of a deployment change: two clients may deploy it at once."""
        with self._lock:
            return self._changing.setdefault(deployment.key, threading.Lock())

    def start(self) -> None:
        """Starts the deployments that ran, or were being made, when the last service ended."""
        known = [item for item in records.all_deployments(self._service) if item.state != records.FAILED]
        self.fleet.clear_leftovers([self._server(item) for item in known])
        for deployment in known:
            self._run(deployment)

    def stop(self) -> None:
        """Ends all model servers; the next service starts them again."""
        self.fleet.close()

    def deploy(
        self,
        deployment: Deployment,
        place_code: Callable[[Path], None],
        models: Sequence[ModelFiles],
        also: Callable[[], None],
    ) -> None:
        """Lays out the files (see :func:`files.lay_out`), records the deployment and starts it; an earlier one of this
        name is stopped. ``also`` writes the caller's own records, in one transaction with ours. Raises a 4xx error,
        and then has changed nothing."""
        with self._alone(deployment):
            files.lay_out(self._service, deployment, place_code, models)
            with self._service.records.database.write():
                records.put_deployment(self._service, deployment)
                also()
            self._run(deployment)
            files.remove_others(self._service, deployment)

    def change(self, deployment: Deployment) -> None:
        """Starts a deployment anew with the same files and other settings."""
        with self._alone(deployment):
            records.put_deployment(self._service, deployment)
            self._run(deployment)

    def delete(self, deployment: Deployment) -> None:
        """Stops a deployment and removes its records and files."""
        with self._alone(deployment):
            records.delete_deployment(self._service, deployment)
            self.fleet.remove(deployment.key)
            files.remove(self._service, deployment)

    def server(self, deployment: Deployment) -> ModelServer | None:
        """The model server of a deployment, when it has one."""
        return self.fleet.find(deployment.key)

    def wait(self, deployment: Deployment, seconds: float) -> Deployment:
        """The deployment as recorded once it is no longer being made, or after ``seconds``."""
        server = self.fleet.find(deployment.key)
        if server is not None and deployment.state == records.CREATING:
            server.wait(seconds)
        place = (deployment.workspace, deployment.flavor, deployment.endpoint, deployment.name)
        return records.find_deployment(self._service, *place) or deployment

    def log(self, deployment: Deployment, lines: int) -> str:
        """The last lines of a deployment's log."""
        return tail(files.log(self._service, deployment), lines)

    def _run(self, deployment: Deployment) -> None:
        def changed(state: State, error: str | None) -> None:
            done = records.SUCCEEDED if state == "ready" else records.FAILED
            records.settle(self._service, deployment, done, error)
            if error is not None:
                log.warning("the deployment %s: %s", deployment.key, error)

        self.fleet.put(self._server(deployment), changed)

    def _server(self, deployment: Deployment) -> Server:
        return Server(
            key=deployment.key,
            log=files.log(self._service, deployment),
            prepare=lambda canceled: self._prepare(deployment, canceled),
            processes=deployment.processes,
            request_timeout=deployment.request_timeout,
            start_timeout=deployment.start_timeout,
            most_requests=deployment.most_requests,
        )

    def _prepare(self, deployment: Deployment, canceled: Callable[[], bool]) -> Program:
        root = files.app(self._service, deployment)
        env = {**step_environment.inherited(), **self._variables(deployment.key)}
        environments: Environments = self._service.parts["environments"]
        proxies = {name: value for name, value in env.items() if name.lower().endswith("_proxy")}
        step = Step(files.log(self._service, deployment), canceled, proxies)
        self._tell_differences(environments, deployment)
        python = environments.interpreter(deployment.environment, deployment.mode, step)
        env |= {
            "PATH": f"{Path(python).parent}:{env.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            "AML_APP_ROOT": str(root / deployment.code),
            **deployment.variables,
        }
        if deployment.model_dir is not None:
            env["AZUREML_MODEL_DIR"] = str(root / deployment.model_dir)
        if deployment.script is None:
            return Program("mlflow", root / deployment.model, root, python, env)
        script, code = root / deployment.script, root / deployment.code
        env["AZUREML_ENTRY_SCRIPT"] = str(script.relative_to(code))
        return Program("script", script, code, python, env, (str(script.parent), str(code)))

    def _tell_differences(self, environments: Environments, deployment: Deployment) -> None:
        """Says in the log what the interpreter will not have."""
        node = Node(deployment.name, deployment.name, environment=deployment.environment)
        found = environments.findings(node, deployment.mode)
        if found:
            with files.log(self._service, deployment).open("a", encoding="utf-8") as log_file:
                log_file.writelines(f"amlbridge | the environment differs: {text}\n" for text in found)


def of(service: Service) -> Operator:
    """The operator of the service."""
    found: Operator = service.parts[PART]
    return found
