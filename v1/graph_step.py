"""One module node of a v1 graph as a node of a Plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from amlbridge.engine.parallel import task as parallel
from amlbridge.engine.plan import (
    Command,
    Input,
    InputRef,
    Json,
    Node,
    ParameterRef,
    Piece,
    Resources,
    Scalar,
    Source,
    Value,
)
from amlbridge.engine.sweep import settings as sweeps
from amlbridge.v1 import (
    graph_arguments,
    graph_automl,
    graph_databricks,
    graph_kinds,
    graph_parallel,
    graph_ports,
    graph_runconfig,
    graph_sweep,
    graph_transfer,
)
from amlbridge.v1.graph_arguments import Pieces
from amlbridge.v1.graph_reading import Fields, checked_json, malformed, parse, scalar_text

#: How deep a concatenation may nest.
_DEEPEST = 20
#: Module parameters that every step has, which other fields of the node say or only Azure's backend reads.
_COMMON = frozenset(
    {
        *("Target", "TargetType", "MLCComputeType", "AutoPrepareEnvironment", "PrepareEnvironment", "DockerEnabled"),
        *("Framework", "Communicator", "Script", "Command", "Arguments", "NodeCount", "MaxRunDurationSeconds"),
        *("MpiProcessCountPerNode", "TensorflowWorkerCount", "TensorflowParameterServerCount"),
        *("BaseImageRegistryAddress", "BaseImageRegistryUsername", "BaseImageRegistryPassword"),
    }
)
#: Fields of the run configuration that a pipeline parameter may set (the client's runconfig_pipeline_params).
_SETTABLE = ("NodeCount", "MpiProcessCountPerNode", "TensorflowWorkerCount", "TensorflowParameterServerCount")


@dataclass(frozen=True)
class Incoming:
    """What edges bring to a step: a source for each input with the blocks of its producer, and the nodes that only come
    before."""

    sources: Mapping[str, tuple[Source, list[Json]]]
    after: Sequence[str]


class Step:
    """Reads one module node. ``values`` are the pipeline parameters of this submission; ``data_names`` the names of the
    data parameters."""

    def __init__(
        self,
        node: Fields,
        module: Fields,
        values: Mapping[str, Scalar],
        declared: frozenset[str],
        data_names: frozenset[str],
    ) -> None:
        self.node = node
        self.module = module
        self.id = node.required("Id")
        self.name = module.required("Name")
        self.spot = f"step {self.name!r}"
        self.interface = Fields(module.object("StructuredInterface").content, f"{self.spot} StructuredInterface")
        self._values = values
        self._declared = declared
        self._data_names = data_names
        self.inputs = graph_ports.data_ports(self.interface, "Inputs")
        self.outputs = graph_ports.data_ports(self.interface, "Outputs")
        self.input_settings = graph_ports.by_name(list(node.objects("ModuleInputSettings")))
        self.output_settings = graph_ports.by_name(list(node.objects("ModuleOutputSettings")))
        self.sweep: sweeps.SweepSettings | None = None
        self.config = graph_runconfig.read(node.text("Runconfig") or module.text("Runconfig"), f"{self.spot} Runconfig")

    # -- module parameters ------------------------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> dict[str, Pieces]:
        """The value of each module parameter that has one: the node's assignment, or the module's default."""
        found: dict[str, Pieces] = {}
        for field in ("Parameters", "MetadataParameters"):
            for item in self.interface.objects(field):
                default = item.content.get("DefaultValue")
                if default is not None:
                    found[item.required("Name")] = (Value(_text(item, "DefaultValue")),)
        for field in ("ModuleParameters", "ModuleMetadataParameters"):
            for item in self.node.objects(field):
                pieces = self._assignment(item)
                if pieces is not None:
                    found[item.required("Name")] = pieces
        return found

    def _assignment(self, item: Fields, depth: int = 0) -> Pieces | None:
        kind = (item.label("ValueType") or "Literal").lower()
        if kind in ("0", "literal"):
            return None if item.content.get("Value") is None else (Value(_text(item, "Value")),)
        if kind in ("1", "graphparametername"):
            name = item.required("Value")
            if name in self._data_names:
                return None
            if name not in self._declared:
                raise malformed(
                    item.at("Value"), f"of {self.spot} names the pipeline parameter {name!r}, which is not declared"
                )
            return (ParameterRef(name),)
        if kind in ("2", "concatenate"):
            if depth >= _DEEPEST:
                raise malformed(item.spot, "is nested too deeply")
            parts = [self._assignment(part, depth + 1) or () for part in item.objects("AssignmentsToConcatenate")]
            return graph_arguments.merged(piece for part in parts for piece in part) or (Value(""),)
        if kind in ("3", "input"):
            name = item.required("Value")
            if name not in self.inputs:
                raise malformed(item.at("Value"), f"names the input {name!r}, which {self.spot} does not have")
            return (InputRef(name),)
        raise malformed(item.at("ValueType"), f"is {kind!r}, which is no way of giving a value")

    def setting(self, name: str) -> str | None:
        """The value that a module parameter has in this submission; None when it has none."""
        pieces = self.parameters.get(name)
        if pieces is None:
            return None
        text = "".join(self._settled(piece, name) for piece in pieces)
        return text or None

    def _settled(self, piece: Piece, name: str) -> str:
        if isinstance(piece, Value):
            return str(piece.value)
        if isinstance(piece, ParameterRef) and piece.name in self._values:
            return str(self._values[piece.name])
        raise malformed(f"{self.spot} {name}", "must have a value before the pipeline starts")

    # -- the node ---------------------------------------------------------------------------------------------------

    def lower(self, incoming: Incoming, code_of: Callable[[str], str]) -> Node:
        """The node. Raises a 400 :class:`ServiceError`."""
        snapshot = self.module.text("StorageId") or self.module.object("DataLocation").text("StorageId")
        count = graph_runconfig.nodes(self.config, self.setting)
        kind = graph_kinds.kind_of(
            self.module.label("ModuleExecutionType"),
            self.node.label("ModuleType") or self.module.label("ModuleType"),
            self.framework,
            self.setting("Script"),
        )
        if kind == "sweep":
            # The run configuration stands within that of the sweep.
            self.sweep, self.config = graph_sweep.read(self.setting(graph_sweep.PARAMETER), self.spot)
            count = graph_runconfig.nodes(self.config, self.setting)
        names = graph_ports.stable_names({name: incoming.sources.get(name) for name in self.inputs})
        inputs = self._inputs(incoming, names)
        made = Node(
            id=self.id,
            name=self.name,
            kind=kind,
            command=self._command(kind, names),
            code=code_of(snapshot) if snapshot else None,
            inputs=inputs,
            outputs={
                name: graph_ports.output_of(port, self.output_settings.get(name)) for name, port in self.outputs.items()
            },
            environment=graph_runconfig.environment(self.config),
            variables=graph_runconfig.variables(self.config),
            parameter_variables=self._parameter_variables(),
            resources=Resources(self._compute(), count, graph_runconfig.instance_type(self.config)),
            distribution=graph_runconfig.distribution(self.config, self.setting, count),
            after=tuple(sorted(set(incoming.after))),
            deterministic=self.module.flag("IsDeterministic", True),
            timeout=graph_runconfig.timeout(self.config, self.setting),
            options=self._options(kind) | self._parallel(kind, inputs, names, count),
        )
        if kind == "automl":
            return graph_automl.lower(made, self.setting, self.parameters)
        if kind == "databricks":
            return graph_databricks.complete(made, self.setting, self.parameters, self.spot)
        return graph_transfer.complete(made, names, self.setting, self.spot) if kind == "transfer" else made

    @property
    def framework(self) -> str | None:
        """The framework that the run configuration names (Python, PyTorch, R, PySpark…). An RScriptStep says Python
        there."""
        if self.module.text("StepType") == "RScriptStep":
            return "R"
        return self.config.text("framework") or self.setting("Framework")

    def _compute(self) -> str | None:
        target = self.setting("Target") or self.config.text("target")
        return None if target in (None, "", "local") else target

    def _inputs(self, incoming: Incoming, names: Mapping[str, str]) -> dict[str, Input]:
        found = {}
        for name, port in self.inputs.items():
            if name in incoming.sources:
                source, produced = incoming.sources[name]
                found[names[name]] = graph_ports.input_of(port, self.input_settings.get(name), source, produced)
            elif not port.flag("IsOptional"):
                raise malformed(f"{self.spot} input {name!r}", "is connected to nothing")
        return found

    def _names(self, inputs: Mapping[str, str]) -> graph_arguments.Names:
        """What the step's arguments can refer to."""
        known = dict(inputs)
        for name, port in self.inputs.items():
            known.setdefault(port.text("DataReferenceName") or name, inputs[name])
        return graph_arguments.Names(known, self.outputs, self.parameters, self.spot)

    def _command(self, kind: str, inputs: Mapping[str, str]) -> Command:
        items = self._arguments(inputs)
        program = self.parameters.get("Command")
        if program is not None and self.setting("Command"):
            return graph_arguments.shell_command(program, items)
        script = self.setting("Script") if kind != "parallel" else graph_parallel.entry_script(items)
        if kind == "sweep":
            script = script or self.config.text("script")
        if script:
            return graph_arguments.script_command(script, items)
        if kind in ("command", "parallel"):
            raise malformed(self.spot, "has neither a script nor a command")
        return graph_arguments.plain_command(items)

    def _arguments(self, inputs: Mapping[str, str]) -> list[Pieces]:
        return graph_arguments.arguments(self._names(inputs), self.interface, self._legacy_arguments())

    def _parallel(
        self, kind: str, inputs: Mapping[str, Input], names: Mapping[str, str], count: int
    ) -> dict[str, Json]:
        if kind != "parallel":
            return {}
        found = graph_parallel.settings(self._arguments(names), inputs, names, count, self._settled, self.spot)
        return {parallel.OPTION: found.to_json()}

    def _legacy_arguments(self) -> str | None:
        pieces = self.parameters.get("Arguments", ())
        return "".join(str(piece.value) for piece in pieces if isinstance(piece, Value)) or None

    def _parameter_variables(self) -> dict[str, Piece]:
        """``AML_PARAMETER_x`` and the like. A concatenation is settled with the values of this submission: one piece is
        all that a variable can have."""
        found: dict[str, Piece] = {}
        for item in self.interface.objects("Parameters"):
            name = item.required("Name")
            pieces = self.parameters.get(name)
            if not item.flag("SetEnvironmentVariable") or pieces is None:
                continue
            variable = item.text("EnvironmentVariableOverride") or f"AML_PARAMETER_{name}"
            if "=" in variable:
                raise malformed(
                    item.at("EnvironmentVariableOverride"), f"is {variable!r}: a variable's name has no '='"
                )
            found[variable] = pieces[0] if len(pieces) == 1 else Value("".join(self._settled(p, name) for p in pieces))
        return found

    def _options(self, kind: str) -> dict[str, Json]:
        found = graph_runconfig.details(self.config)
        outputs = graph_ports.output_details(self.output_settings, self.outputs)
        if outputs:
            found["outputs"] = outputs
        resources = [name for name, port in self.inputs.items() if port.flag("IsResource")]
        if resources:
            found["resources"] = sorted(resources)
        bound = {
            name: piece.name
            for name in _SETTABLE
            for piece in self.parameters.get(name, ())
            if isinstance(piece, ParameterRef)
        }
        if bound:
            found["bound_settings"] = bound
        if kind in ("command", "parallel"):
            return found
        if self.sweep is not None:
            return {**found, sweeps.OPTION: self.sweep.json()}
        framework = (self.framework or "").lower()
        execution = (self.module.label("ModuleExecutionType") or "").lower()
        found["step_type"] = self.module.text("StepType") or self.module.label("ModuleExecutionType")
        found["backend"] = framework if execution in ("", "escloud") and framework in ("r", "pyspark") else execution
        found["settings"] = self._settings()
        return found

    def _settings(self) -> dict[str, Json]:
        """The module parameters that only this kind of step has; a value that is JSON is read. A parameter of the
        pipeline stands as ``{"parameter": name}``."""
        found: dict[str, Json] = {}
        for name, pieces in self.parameters.items():
            if name in _COMMON:
                continue
            if len(pieces) == 1 and isinstance(pieces[0], ParameterRef):
                found[name] = {"parameter": pieces[0].name}
            elif all(isinstance(piece, Value | ParameterRef) for piece in pieces):
                found[name] = _json(self.setting(name) or "", f"{self.spot} {name}")
        return found


def _text(item: Fields, field: str) -> str:
    return scalar_text(item.content[field], item.at(field))


def _json(text: str, spot: str) -> Json:
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return checked_json(parse(text, spot), spot)
    except ValueError:
        return text
