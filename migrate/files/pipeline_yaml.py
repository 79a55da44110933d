"""A pipeline of v1 in YAML (for ``Pipeline.load_yaml`` and ``az ml pipeline``) as a pipeline job of v2.

Source: the v1 reference "CLI (v1) pipeline job YAML schema" and the v2 reference of the pipeline job's YAML.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from amlbridge.migrate.files import runconfig
from amlbridge.migrate.files.yaml_text import SCHEMAS, get, load

_TYPES = {"string": "string", "str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_MODES = {"mount": "rw_mount", "upload": "upload"}


class NotConvertibleError(Exception):
    """Why a pipeline cannot be written as v2, in words for its owner."""


def is_pipeline(text: str) -> bool:
    """Whether a text looks like a pipeline of v1."""
    return re.search(r"^pipeline:\s*$", text, re.MULTILINE) is not None and "steps:" in text


def job(path: Path, text: str) -> tuple[dict[str, Any], list[str]]:
    """The job's content, and what was assumed. Raises :class:`NotConvertibleError`."""
    pipeline = get(load(text), "pipeline")
    steps = get(pipeline, "steps")
    if not isinstance(steps, dict) or not steps:
        raise NotConvertibleError("it has no steps")
    return _Pipeline(path, pipeline).job(steps)


class _Pipeline:
    """A pipeline while it is read. ``_made``: name of a step's output -> node and port that write it."""

    def __init__(self, path: Path, pipeline: Any) -> None:
        self._folder = path.parent
        self._pipeline = pipeline
        self._notes: list[str] = []
        self._inputs: dict[str, Any] = {}
        self._made: dict[str, tuple[str, str]] = {}

    def job(self, steps: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        self._read_inputs()
        names = {step: _node_name(get(content, "name") or step) for step, content in steps.items()}
        if len(set(names.values())) < len(names):
            names = {step: _node_name(step) for step in steps}
        for step, content in steps.items():
            for port, said in _items(get(content, "outputs")):
                self._made[str(get(said, "destination") or port)] = (names[step], _identifier(port))
        jobs = {names[step]: self._node(step, content) for step, content in steps.items()}
        found: dict[str, Any] = {"$schema": SCHEMAS["pipeline"], "type": "pipeline"}
        title = get(self._pipeline, "name")
        if title:
            found["display_name"] = str(title)
        compute = get(self._pipeline, "default_compute")
        if compute:
            found["settings"] = {"default_compute": f"azureml:{compute}"}
        if self._inputs:
            found["inputs"] = self._inputs
        found["jobs"] = jobs
        return found, self._notes

    def _read_inputs(self) -> None:
        for name, said in _items(get(self._pipeline, "parameters")):
            kind, default = str(get(said, "type") or "string"), get(said, "default")
            if kind == "datapath":
                self._inputs[_identifier(name)] = _data(default, name)
            elif kind not in _TYPES:
                raise NotConvertibleError(f"the parameter {name!r} has the type {kind!r}")
            else:
                # The types of inputs of a job are those of their values.
                self._inputs[_identifier(name)] = default
        for name, said in _items(get(self._pipeline, "data_references")):
            self._inputs[_identifier(name)] = _data(said, name)

    def _node(self, step: str, content: Any) -> dict[str, Any]:
        kind = str(get(content, "type") or (get(content, "python_script_step") and "PythonScriptStep") or "")
        if kind != "PythonScriptStep":
            raise NotConvertibleError(f"the step {step!r} is a {kind or 'step without a type'}: write it by hand")
        script = get(content, "script_name")
        if not isinstance(script, str):
            raise NotConvertibleError(f"the step {step!r} has no script_name")
        inputs = {_identifier(name): self._source(step, name, said) for name, said in _items(get(content, "inputs"))}
        outputs = {_identifier(name): _output(said) for name, said in _items(get(content, "outputs"))}
        node: dict[str, Any] = {"type": "command"}
        words = ["python", shlex.quote(script), *self._arguments(content, inputs, outputs)]
        node["command"] = " ".join(words)
        node["code"] = _posix(get(content, "source_directory") or ".")
        configuration = self._configuration(step, content)
        node["environment"] = runconfig.environment(configuration, self._notes)
        target = get(content, "compute_target") or get(content, "target") or get(configuration, "target")
        if isinstance(target, str) and target != "local":
            node["compute"] = f"azureml:{target}"
        variables = {f"AML_PARAMETER_{name}": self._value(said) for name, said in _items(get(content, "parameters"))}
        if inputs:
            node["inputs"] = inputs
        if outputs:
            node["outputs"] = outputs
        if variables:
            node["environment_variables"] = variables
        if get(content, "allow_reuse") is False:
            self._notes.append(f"{step}: allow_reuse: false; register its component with is_deterministic: false")
        return node

    def _configuration(self, step: str, content: Any) -> Any:
        named = get(content, "runconfig")
        if isinstance(named, dict):
            return named
        if not isinstance(named, str):
            self._notes.append(f"{step}: it has no run configuration; its environment is a guess")
            return None
        try:
            return load((self._folder / _posix(named)).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            self._notes.append(f"{step}: its run configuration {named} cannot be read; its environment is a guess")
            return None

    def _source(self, step: str, name: str, said: Any) -> Any:
        source = str(get(said, "source") if isinstance(said, dict) else said)
        if source in self._made:
            node, port = self._made[source]
            return f"${{{{parent.jobs.{node}.outputs.{port}}}}}"
        if _identifier(source) in self._inputs:
            return f"${{{{parent.inputs.{_identifier(source)}}}}}"
        raise NotConvertibleError(f"the input {name!r} of the step {step!r} comes from {source!r}, which nothing makes")

    def _value(self, said: Any) -> str:
        source = get(said, "source")
        if source is None:
            return str(said)
        if _identifier(source) not in self._inputs:
            raise NotConvertibleError(f"there is no parameter {source!r}")
        return f"${{{{parent.inputs.{_identifier(source)}}}}}"

    def _arguments(self, content: Any, inputs: dict[str, Any], outputs: dict[str, Any]) -> list[str]:
        said = get(content, "arguments")
        words = said if isinstance(said, list) else str(said).split() if said else []
        found = []
        for word in map(str, words):
            kind, _, name = word.partition(":")
            if kind == "input" and _identifier(name) in inputs:
                found.append(f"${{{{inputs.{_identifier(name)}}}}}")
            elif kind == "output" and _identifier(name) in outputs:
                found.append(f"${{{{outputs.{_identifier(name)}}}}}")
            else:
                found.append(shlex.quote(word))
        return found


def _items(content: Any) -> list[tuple[str, Any]]:
    return [(str(name), said) for name, said in content.items()] if isinstance(content, dict) else []


def _identifier(name: Any) -> str:
    found = re.sub(r"\W", "_", str(name))
    return f"_{found}" if found[:1].isdigit() else found


def _node_name(name: Any) -> str:
    """The client takes lower-case identifiers only as names of nodes."""
    return _identifier(name).lower()


def _posix(path: Any) -> str:
    return str(path).replace("\\", "/")


def _data(said: Any, name: str) -> dict[str, Any]:
    dataset = get(said, "dataset_name")
    if dataset:
        return {"type": "uri_folder", "path": f"azureml:{dataset}@latest"}
    store = get(said, "datastore")
    if not store:
        raise NotConvertibleError(f"{name!r} names neither a datastore nor a dataset")
    path = _posix(get(said, "path_on_datastore") or "").lstrip("/")
    kind = "uri_file" if re.search(r"\.\w{1,5}$", path) else "uri_folder"
    return {"type": kind, "path": f"azureml://datastores/{store}/paths/{path}"}


def _output(said: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "uri_folder"}
    mode = _MODES.get(str(get(said, "type") or "").lower())
    if mode:
        found["mode"] = mode
    store = get(said, "datastore")
    if store:
        found["path"] = f"azureml://datastores/{store}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}"
    return found
