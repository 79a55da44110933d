"""A Plan with the names, bindings and settings of SDK v2: what YAML and Python of a pipeline are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from amlbridge.engine.plan import Json, Node, Scalar


@dataclass(frozen=True)
class FromPipeline:
    """The input ``name`` of the pipeline."""

    name: str


@dataclass(frozen=True)
class FromStep:
    """The output ``port`` of the step ``step``."""

    step: str
    port: str


@dataclass(frozen=True)
class Literal:
    """A value that the step is given as it is."""

    value: Scalar


Binding: TypeAlias = FromPipeline | FromStep | Literal


@dataclass(frozen=True)
class PipelineInput:
    """An input of the pipeline: a literal (``default``, None: to be given), or data (``path``). ``given``: a submission
    may give another value; otherwise they are data that steps of SDK v1 read by themselves."""

    name: str
    type: str
    default: Scalar = None
    path: str | None = None
    given: bool = True

    @property
    def is_data(self) -> bool:
        """Whether it is data and no literal."""
        return self.path is not None

    @property
    def typed(self) -> Scalar:
        """The default as a value of its type: a graph may hold it as text."""
        try:
            if isinstance(self.default, str) and self.type in ("integer", "number"):
                return int(self.default) if self.type == "integer" else float(self.default)
        except ValueError:
            return self.default
        return self.default


@dataclass
class Step:
    """A node of the pipeline. ``component`` is the content of its YAML file, None for an AutoML node; ``job`` is what
    such a node says itself. ``outputs``: what the pipeline says of outputs (path, mode, name of the asset).
    ``placeholder``: why its component only stands for the step."""

    key: str
    node: Node
    inputs: dict[str, Binding] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    component: dict[str, Any] | None = None
    job: dict[str, Json] = field(default_factory=dict)
    variables: dict[str, str | FromPipeline] = field(default_factory=dict)
    compute: str | None = None
    placeholder: str = ""

    @property
    def declared_outputs(self) -> Mapping[str, Any]:
        """The outputs with what the component declares of them."""
        return dict((self.component or {}).get("outputs", {}))


@dataclass
class Pipeline:
    """``files`` are further files of the folder: path -> text. ``attention``: what the reader has to look at."""

    name: str
    description: str | None
    experiment: str | None
    inputs: list[PipelineInput] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, FromStep] = field(default_factory=dict)
    default_compute: str | None = None
    continue_on_failure: bool = False
    force_rerun: bool = False
    code: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    attention: list[str] = field(default_factory=list)

    def step(self, key: str) -> Step:
        """The step of this key."""
        return next(item for item in self.steps if item.key == key)
