"""The Plan: one typed, SDK-neutral description of what shall run.

A v1 graph and a v2 job are both lowered to a :class:`Plan`. The engine runs Plans, ``compare`` diffs them, ``migrate``
checks itself against them. Everything here is frozen and made of plain values, so a Plan has one canonical JSON form
(:mod:`amlbridge.engine.plan_json`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

SCHEMA_VERSION = 1

Scalar: TypeAlias = str | int | float | bool | None
Json: TypeAlias = Any

ParameterType = Literal["string", "integer", "number", "boolean"]
DataType = Literal["uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "any"]
#: How data reaches a step: the folder itself, a copy, a reference that the script resolves by itself, or, from a file
#: that holds nothing else, its text as a literal.
Mode = Literal["mount", "download", "upload", "direct", "value"]
NodeKind = Literal["command", "automl", "sweep", "parallel", "pipeline", "transfer", "databricks", "unsupported"]


@dataclass(frozen=True)
class Value:
    """A literal piece of a command line or a literal input."""

    value: Scalar


@dataclass(frozen=True)
class ParameterRef:
    """The value of the pipeline parameter ``name`` at submission."""

    name: str


@dataclass(frozen=True)
class InputRef:
    """The path (or the value) of this node's input ``name``."""

    name: str


@dataclass(frozen=True)
class OutputRef:
    """The path of this node's output ``name``."""

    name: str


@dataclass(frozen=True)
class OptionalGroup:
    """Arguments that appear only when input ``when`` has a value (v2's ``$[[ … ]]``)."""

    when: str
    arguments: tuple[Argument, ...]


Piece: TypeAlias = Value | ParameterRef | InputRef | OutputRef


@dataclass(frozen=True)
class Argument:
    """One entry of argv: its pieces are joined without a separator."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Command:
    """What a node executes.

    ``script`` set: a Python file of the code snapshot, with ``arguments``. ``shell`` True: ``arguments``, joined
    without a separator, are one line for ``bash -c``. Otherwise ``arguments`` is the whole argv.
    """

    arguments: tuple[Argument | OptionalGroup, ...] = ()
    script: str | None = None
    shell: bool = False


@dataclass(frozen=True)
class NodePort:
    """Output ``port`` of node ``node``: an edge of the graph."""

    node: str
    port: str


@dataclass(frozen=True)
class DataReference:
    """Data outside of the graph.

    ``uri`` is ``azureml://datastores/<store>/paths/<path>`` for a path on a datastore, ``azureml://saved_datasets/<id>``
    for a v1 dataset definition (its id is a hash of its content), or an asset id.
    """

    uri: str
    type: DataType = "any"


@dataclass(frozen=True)
class DataParameterRef:
    """The data parameter ``name``, chosen at submission."""

    name: str


Source: TypeAlias = Value | ParameterRef | NodePort | DataReference | DataParameterRef


@dataclass(frozen=True)
class Input:
    """A named input of a node. ``transformations``: what is read from the port (v1's ``read_delimited_files``…).
    ``evaluated``: the script gets the files that an MLTable lists, not the MLTable (v2's ``eval_mount``)."""

    source: Source
    type: DataType = "any"
    mode: Mode = "mount"
    path_on_compute: str | None = None
    overwrite: bool = False
    transformations: Json = None
    evaluated: bool = False


@dataclass(frozen=True)
class Registration:
    """An output that becomes a registered asset once its step has finished. ``version`` None: the next one."""

    name: str
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transformations: Json = None
    version: str | None = None


@dataclass(frozen=True)
class Output:
    """A named output of a node.

    ``path`` is a template on ``datastore``: ``{run-id}`` and ``{output-name}`` are filled in when the step starts.
    ``training``: ``Metrics`` or ``Model`` for the outputs of an AutoML or sweep node.
    """

    datastore: str
    path: str
    type: DataType = "uri_folder"
    mode: Mode = "mount"
    overwrite: bool = False
    registration: Registration | None = None
    training: Json = None


@dataclass(frozen=True)
class Environment:
    """What a node's interpreter has to have.

    ``conda`` is a conda specification (``{"dependencies": [...], ...}``), ``image`` a Docker base image: recorded, and
    compared with what is installed, but never pulled.
    """

    name: str | None = None
    version: str | None = None
    conda: Json = None
    image: str | None = None
    user_managed: bool = False
    interpreter: str | None = None


@dataclass(frozen=True)
class Resources:
    """Where and how large. ``compute`` None means the Plan's default compute; ``nodes`` >= 1."""

    compute: str | None = None
    nodes: int = 1
    instance_type: str | None = None


@dataclass(frozen=True)
class Distribution:
    """How many processes a node starts: ``kind`` mpi | pytorch | tensorflow."""

    kind: str
    processes_per_node: int = 1
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """One step. ``after`` are the nodes that only have to finish first (v1's ``run_after``)."""

    id: str
    name: str
    kind: NodeKind = "command"
    command: Command = Command()
    code: str | None = None
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    environment: Environment = Environment()
    variables: Mapping[str, str] = field(default_factory=dict)
    #: Environment variables whose value is a pipeline parameter (v1's ``AML_PARAMETER_x``).
    parameter_variables: Mapping[str, Piece] = field(default_factory=dict)
    resources: Resources = Resources()
    distribution: Distribution | None = None
    after: tuple[str, ...] = ()
    deterministic: bool = True
    retries: int = 0
    timeout: float | None = None
    #: What only this kind of node has (AutoML settings, search space, …), as JSON.
    options: Mapping[str, Json] = field(default_factory=dict)

    def dependencies(self) -> Iterator[str]:
        """Ids of the nodes that have to finish before this one starts, data first, each once."""
        seen: set[str] = set()
        ports = (item.source.node for item in self.inputs.values() if isinstance(item.source, NodePort))
        for node in (*ports, *self.after):
            if node not in seen:
                seen.add(node)
                yield node


@dataclass(frozen=True)
class Parameter:
    """A pipeline parameter. ``required``: it has no default and a submission must give a value."""

    name: str
    type: ParameterType = "string"
    default: Scalar = None
    required: bool = False


@dataclass(frozen=True)
class DataParameter:
    """A data input of the whole pipeline (v1: a DataPath or dataset PipelineParameter)."""

    name: str
    type: DataType = "any"
    default: DataReference | None = None


@dataclass(frozen=True)
class Settings:
    """Settings of the whole run."""

    continue_on_failure: bool = False
    force_rerun: bool = False
    default_compute: str | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Plan:
    """What shall run. Node order carries no meaning; ``outputs`` maps a pipeline output's name to a node's port."""

    nodes: tuple[Node, ...]
    parameters: tuple[Parameter, ...] = ()
    data_parameters: tuple[DataParameter, ...] = ()
    outputs: Mapping[str, NodePort] = field(default_factory=dict)
    settings: Settings = Settings()
    description: str | None = None

    def node(self, node_id: str) -> Node:
        """The node with this id. Raises KeyError when there is none."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)
