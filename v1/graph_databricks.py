"""A DatabricksStep: what it runs becomes a task of the Jobs API, what it hands over the arguments of the node.

Protocol facts (azureml-pipeline-core 1.62 ``_DatabricksStepBase``): everything is a module parameter with a text.
``base_parameters`` is ``name=value;name=value``; ``python_script_params`` and ``jar_params`` are words with ``||``
between them, in which ``|`` is ``|-``. A parameter of the pipeline among them stands with its default, in a list behind
its name; the parameter ``_AML_PARAMETER_x`` has its value in this run (x: the key of a notebook's parameter, in a list
the name). In a list it becomes two words, ``--NAME`` and the value (Microsoft's notebook
aml-pipelines-use-databricks-as-compute-target). Pairs of the cluster are ``name=value;…``, libraries are
``package=x|repo=y;…``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping

from amlbridge.engine.databricks.task import OPTION, DatabricksTask, Kind
from amlbridge.engine.plan import Argument, Command, Json, Node, Value
from amlbridge.v1.graph_arguments import Pieces
from amlbridge.v1.graph_reading import malformed

Setting = Callable[[str], str | None]

_BOUND = "_AML_PARAMETER_"
#: What a step may run: the parameter that names it, its kind, and the parameter with what it is given.
_RUNS: tuple[tuple[str, Kind, str], ...] = (
    ("notebook_path", "notebook", "base_parameters"),
    ("python_script_path", "file", "python_script_params"),
    ("python_script_name", "script", "python_script_params"),
    ("main_class_name", "class", "jar_params"),
)
#: Libraries that are files.
_PATHS = ("egg", "jar")
_COUNTS = ("num_workers", "min_workers", "max_workers")


def complete(node: Node, setting: Setting, parameters: Mapping[str, Pieces], spot: str) -> Node:
    """The node with its task as an option and what that is given as its arguments. Raises a 400 ServiceError."""
    found = next((run for run in _RUNS if setting(run[0])), None)
    if found is None:
        raise malformed(spot, "names no notebook, script or class to run")
    name, kind, given = found
    text = setting(given)
    arguments = _pairs(text, parameters) if kind == "notebook" else _words(text, parameters)
    task = DatabricksTask(kind, setting(name) or "", setting("run_name") or node.name, _fields(node, setting, spot))
    return dataclasses.replace(
        node,
        command=Command(tuple(arguments)),
        resources=dataclasses.replace(node.resources, compute=setting("compute_name")),
        options={OPTION: task.to_json()},
    )


def _pairs(text: str | None, parameters: Mapping[str, Pieces]) -> Iterator[Argument]:
    """``name=value`` for each parameter of a notebook."""
    for name, value in _split(text or ""):
        yield Argument((Value(f"{name}="), *parameters.get(_BOUND + name, (Value(value),))))


def _words(text: str | None, parameters: Mapping[str, Pieces]) -> Iterator[Argument]:
    """The words of a command line."""
    words = iter(text.split("||") if text is not None else ())
    for word in words:
        bound = parameters.get(_BOUND + word)
        if bound is None:
            yield Argument((Value(_plain(word)),))
        else:
            next(words, None)  # its default
            yield Argument((Value(f"--{_plain(word).upper()}"),))
            yield Argument(bound)


def _plain(word: str) -> str:
    return word.replace("|-", "|")


def _split(text: str) -> list[tuple[str, str]]:
    """``a=1;b=2`` as pairs. The client escapes nothing: a piece without "=" belongs to the value before it."""
    found: list[tuple[str, str]] = []
    for piece in text.split(";") if text else ():
        name, sign, value = piece.partition("=")
        if sign or not found:
            found.append((name, value))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]};{piece}")
    return found


def _fields(node: Node, setting: Setting, spot: str) -> dict[str, Json]:
    """The task but for what it runs, as the Jobs API has it."""
    key = re.sub(r"[^0-9a-zA-Z]+", "_", node.name).strip("_").lower() or "step"
    found: dict[str, Json] = {"task_key": key[:100]}
    existing = setting("existing_cluster_id")
    if existing:
        found["existing_cluster_id"] = existing
    else:
        found["new_cluster"] = _cluster(setting, spot)
    libraries = list(_libraries(setting))
    if libraries:
        found["libraries"] = libraries
    if setting("timeout_seconds") is not None:
        found["timeout_seconds"] = _number("timeout_seconds", setting, spot)
    return found


def _cluster(setting: Setting, spot: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in ("spark_version", "node_type_id", "instance_pool_id"):
        if (value := setting(name)) is not None:
            found[name] = value
    counts = {name: _number(name, setting, spot) for name in _COUNTS if setting(name) is not None}
    if "num_workers" in counts:
        found["num_workers"] = counts["num_workers"]
    else:
        found["autoscale"] = counts
    for name in ("spark_env_vars", "spark_conf"):
        if (value := setting(name)) is not None:
            found[name] = dict(_split(value))
    scripts = setting("init_scripts")
    if scripts is not None:
        found["init_scripts"] = [{"dbfs": {"destination": script}} for script in scripts.split(",")]
    logs = setting("cluster_log_dbfs_path")
    if logs is not None:
        found["cluster_log_conf"] = {"dbfs": {"destination": logs}}
    return found


def _libraries(setting: Setting) -> Iterator[dict[str, Json]]:
    for name, kind in (("maven", "maven"), ("pypi", "pypi"), ("egg", "egg"), ("jar", "jar"), ("rcran", "cran")):
        text = setting(f"{name}_libraries")
        for item in text.split("," if kind in _PATHS else ";") if text is not None else ():
            yield {kind: item if kind in _PATHS else _library(item)}


def _library(text: str) -> dict[str, Json]:
    found: dict[str, Json] = dict(part.split("=", 1) for part in text.split("|") if "=" in part)
    if "exclusions" in found:
        found["exclusions"] = found["exclusions"].split(",")
    return found


def _number(name: str, setting: Setting, spot: str) -> int:
    text = setting(name) or ""
    if not text.isdecimal():
        raise malformed(f"{spot} {name}", f"must be a whole number, not {text!r}")
    return int(text)
