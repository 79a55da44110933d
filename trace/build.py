"""A Plan as a pipeline of SDK v2: names, bindings, components, and what the reader has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine import plan_json
from amlbridge.engine.plan import (
    DataParameter,
    DataParameterRef,
    DataReference,
    InputRef,
    Node,
    NodePort,
    OutputRef,
    ParameterRef,
    Piece,
    Plan,
    Source,
    Value,
)
from amlbridge.trace import attention, automl_node, commands, environments, kinds, sweep_node
from amlbridge.trace.captured import Captured, Data, Sources
from amlbridge.trace.model import Binding, FromPipeline, FromStep, Literal, Pipeline, PipelineInput, Step
from amlbridge.trace.names import Names, identifier

#: Output and input of SDK v2 that only order two steps: v2 has no ``run_after``.
ORDER = "order_token"
_SCHEMA = "https://azuremlschemas.azureedge.net/latest/{}Component.schema.json"
_INPUT_MODES = {"download": "download", "direct": "direct", "value": "download"}
_TABLE_MODES = {"mount": "eval_mount", "download": "eval_download", "direct": "direct"}


def build(captured: Captured, sources: Sources) -> Pipeline:
    """The pipeline of a captured graph. Raises :class:`~amlbridge.engine.errors.EngineError` for data that are not
    known, and PlanError for a graph with circles."""
    return _Builder(captured, sources).pipeline()


class _Builder:
    def __init__(self, captured: Captured, sources: Sources) -> None:
        self._captured = captured
        self._plan: Plan = captured.plan
        self._sources = sources
        self._order = plan_json.topological_order(captured.plan)
        name = identifier(captured.name, "pipeline", lower=True)
        self._made = Pipeline(name, captured.plan.description, captured.experiment)
        self._inputs = Names()
        self._keys: dict[str, str] = {}
        self._parameters: dict[str, str] = {}
        self._references: dict[object, tuple[PipelineInput, Data]] = {}
        self._ports: dict[tuple[str, str], str] = {}
        #: AutoML nodes whose outputs are read -> the step that writes them as files.
        self._behind: dict[str, str] = {}

    def pipeline(self) -> Pipeline:
        """Reads the Plan in the order in which its steps run."""
        made, plan = self._made, self._plan
        made.attention += attention.of_plan(plan)
        self._name_everything()
        made.default_compute = self._default_compute()
        made.continue_on_failure = plan.settings.continue_on_failure
        made.force_rerun = plan.settings.force_rerun
        for node in self._order:
            made.steps.append(self._step(node))
            if node.id in self._behind:
                written = {name: self._ports[node.id, name] for name in node.outputs if self._is_read(node, name)}
                made.steps.append(automl_node.behind(self._behind[node.id], made.steps[-1], written, made))
        for name, port in plan.outputs.items():
            if self._is_left(port):
                made.attention.append(f"The pipeline output {name!r} is left out: {sweep_node.METRICS}.")
            else:
                made.outputs[identifier(name, "output")] = self._written(port)
        return made

    # -- names ------------------------------------------------------------------------------------------------------

    def _name_everything(self) -> None:
        keys = Names(self._made.name)
        for node in self._order:
            key = keys.take(identifier(node.name.removesuffix(".py"), "step", lower=True))
            self._keys[node.id] = key
            ports = Names(ORDER)
            for name in node.outputs:
                self._ports[node.id, name] = ports.take(identifier(name, "output"))
            if node.kind == "automl" and any(self._is_read(node, name) for name in node.outputs):
                self._behind[node.id] = keys.take(f"{key}_outputs")
        for parameter in self._plan.parameters:
            name = self._renamed(parameter.name, "pipeline parameter")
            self._parameters[parameter.name] = name
            default = parameter.default
            if default is None:
                default = self._captured.values.get(parameter.name)
            self._made.inputs.append(PipelineInput(name, parameter.type, default))
            if default is None:
                text = f"The parameter {name!r} has no default: give it a value in pipeline.yml and in pipeline.py."
                self._made.attention.append(text)
        for item in self._plan.data_parameters:
            self._data_parameter(item)

    def _renamed(self, name: str, what: str) -> str:
        found = self._inputs.take(identifier(name, "input"))
        if found != name:
            self._made.attention.append(f"The {what} {name!r} is called {found!r}: SDK v2 wants Python names.")
        return found

    def _data_parameter(self, item: DataParameter) -> None:
        if item.default is None:
            name = self._renamed(item.name, "data parameter")
            text = f"The input {name!r} has no default in v1: give it a path before you submit."
            self._made.attention.append(text)
            found = Data("uri_folder", f"azureml://datastores/workspaceblobstore/paths/{name}")
            self._add_data(DataParameterRef(item.name), name, found)
        else:
            self._reference(DataParameterRef(item.name), item.default, item.name)

    def _reference(self, key: object, reference: DataReference, wanted: str) -> tuple[PipelineInput, Data]:
        """The pipeline input of data; equal references share one."""
        if key not in self._references:
            found = self._sources.data(reference)
            name = self._inputs.take(identifier(wanted, "data"))
            if found.note:
                self._made.attention.append(f"Input {name!r}: {found.note}")
            self._add_data(key, name, found)
        return self._references[key]

    def _add_data(self, key: object, name: str, found: Data) -> None:
        path = found.path
        if found.mltable is not None:
            path = f"./data/{name}"
            self._made.files[f"data/{name}/MLTable"] = found.mltable
        made = PipelineInput(name, found.type, path=path or "", given=isinstance(key, DataParameterRef))
        self._made.inputs.append(made)
        self._references[key] = (made, found)

    def _compute(self, node: Node) -> str | None:
        return node.resources.compute or self._plan.settings.default_compute

    def _default_compute(self) -> str | None:
        """The compute of most steps."""
        named = [name for name in map(self._compute, self._order) if name]
        return max(dict.fromkeys(named), key=named.count) if named else None

    # -- steps ------------------------------------------------------------------------------------------------------

    def _step(self, node: Node) -> Step:
        step = Step(self._keys[node.id], node)
        declared: dict[str, dict[str, Any]] = {}
        names: dict[Piece, str] = {}
        ports = Names()
        for name, item in node.inputs.items():
            port = ports.take(identifier(name, "input"))
            if isinstance(item.source, NodePort) and self._is_left(item.source):
                names[InputRef(name)] = ""
                continue
            step.inputs[port], declared[port] = self._input(node, name, port)
            names[InputRef(name)] = f"${{{{inputs.{port}}}}}"
            if item.transformations and node.kind != "automl":
                text = f"what v1 reads from the input {name!r} (a table of a certain form) has to be said in the script"
                self._attend(node, text)
        self._parameter_inputs(node, step, declared, names, ports)
        for name in node.outputs:
            names[OutputRef(name)] = f"${{{{outputs.{self._ports[node.id, name]}}}}}"
        outputs = self._outputs(node, step)
        self._after(node, step, declared, ports)
        compute = self._compute(node)
        step.compute = compute if compute != self._made.default_compute else None
        self._made.attention += attention.of_node(node)
        if node.kind == "automl":
            automl_node.fill(step, self._made, self._sources.table)
            return step
        step.component = self._component(node, step, declared, outputs, names)
        return step

    def _input(self, node: Node, name: str, port: str) -> tuple[Binding, dict[str, Any]]:
        item = node.inputs[name]
        source: Source = item.source
        if isinstance(source, Value):
            return Literal(source.value), {"type": "string"}
        if isinstance(source, ParameterRef):
            return FromPipeline(self._parameters[source.name]), {"type": self._parameter_type(source.name)}
        if isinstance(source, NodePort):
            kind = self._output_type(source)
            made = {"type": kind, **({"mode": _INPUT_MODES[item.mode]} if item.mode in _INPUT_MODES else {})}
            return self._written(source), made
        if isinstance(source, DataParameterRef):
            found = self._references[source]
        else:
            found = self._reference(source.uri, source, port)
        modes = _TABLE_MODES if found[1].type == "mltable" else _INPUT_MODES
        return FromPipeline(found[0].name), {
            "type": found[0].type,
            **({"mode": modes[item.mode]} if item.mode in modes else {}),
        }

    def _parameter_type(self, name: str) -> str:
        return next(item.type for item in self._plan.parameters if item.name == name)

    def _is_read(self, node: Node, name: str) -> bool:
        """Whether a step reads an output, or the pipeline has it."""
        sources = [item.source for other in self._plan.nodes for item in other.inputs.values()]
        return NodePort(node.id, name) in [*sources, *self._plan.outputs.values()]

    def _is_left(self, port: NodePort) -> bool:
        """Whether it is the metrics of a sweep, which SDK v2 has no output for."""
        node = self._plan.node(port.node)
        return node.kind == "sweep" and sweep_node.is_metrics(node.outputs[port.port])

    def _written(self, port: NodePort) -> FromStep:
        """What writes an output."""
        key = self._behind.get(port.node, self._keys[port.node])
        return FromStep(key, self._ports[port.node, port.port])

    def _output_type(self, port: NodePort) -> str:
        node = self._plan.node(port.node)
        output = node.outputs[port.port]
        kind = output.type
        if node.kind == "automl" or (node.kind == "sweep" and sweep_node.model_file(output)):
            return "uri_file"
        return "uri_folder" if kind == "any" else kind

    def _parameter_inputs(
        self,
        node: Node,
        step: Step,
        declared: dict[str, dict[str, Any]],
        names: dict[Piece, str],
        ports: Names,
    ) -> None:
        """Pipeline parameters that the command names are inputs of the component."""
        pieces = [piece for piece in commands.used(node.command) if isinstance(piece, ParameterRef)]
        for piece in sorted(pieces, key=lambda item: item.name):
            port = ports.take(self._parameters[piece.name])
            declared[port] = {"type": self._parameter_type(piece.name)}
            step.inputs[port] = FromPipeline(self._parameters[piece.name])
            names[piece] = f"${{{{inputs.{port}}}}}"

    def _outputs(self, node: Node, step: Step) -> dict[str, dict[str, Any]]:
        declared: dict[str, dict[str, Any]] = {}
        for name, output in node.outputs.items():
            if self._is_left(NodePort(node.id, name)):
                continue
            port = self._ports[node.id, name]
            kind = self._output_type(NodePort(node.id, name))
            declared[port] = {"type": kind, **({"mode": output.mode} if output.mode in ("upload", "direct") else {})}
            said: dict[str, Any] = {}
            if "{" not in output.path:
                said["path"] = f"azureml://datastores/{output.datastore}/paths/{output.path}"
            elif output.datastore != "workspaceblobstore":
                said["path"] = (
                    f"azureml://datastores/{output.datastore}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}"
                )
            if output.registration is not None:
                said["name"] = output.registration.name
                if output.registration.version:
                    said["version"] = output.registration.version
            if said:
                step.outputs[port] = {
                    "type": kind,
                    **({"mode": output.mode} if output.mode == "upload" else {}),
                    **said,
                }
        return declared

    def _after(self, node: Node, step: Step, declared: dict[str, dict[str, Any]], ports: Names) -> None:
        """Steps that only come before. The earlier one's first output is waited for, or one that is made for that."""
        fed = {item.source.node for item in node.inputs.values() if isinstance(item.source, NodePort)}
        for other in node.after:
            if other in fed:
                continue
            before = self._made.step(self._keys[other])
            outputs = list(before.declared_outputs)
            port = outputs[0] if outputs else ORDER
            if not outputs and before.component is not None:
                before.component["outputs"] = {ORDER: {"type": "uri_folder"}}
            kind = before.declared_outputs.get(port, {}).get("type", "uri_folder")
            if before.component is None:
                port, kind = automl_node.MODEL, "mlflow_model"
            name = ports.take(f"after_{before.key}")
            declared[name] = {"type": kind}
            step.inputs[name] = FromStep(before.key, port)

    # -- components -------------------------------------------------------------------------------------------------

    def _component(
        self,
        node: Node,
        step: Step,
        declared: dict[str, dict[str, Any]],
        outputs: Mapping[str, dict[str, Any]],
        names: Mapping[Piece, str],
    ) -> dict[str, Any]:
        kind = "parallel" if node.kind == "parallel" else "command"
        content: dict[str, Any] = {"$schema": _SCHEMA.format(kind), "name": step.key, "display_name": node.name}
        content |= {"type": kind, "version": "1"}
        if not node.deterministic:
            content["is_deterministic"] = False
        if declared:
            content["inputs"] = declared
        if outputs:
            content["outputs"] = dict(outputs)
        environment = environments.reference(node, self._made)
        if node.code is not None:
            self._made.code.setdefault(node.code, f"components/{step.key}/code")
            content["code"] = _relative(self._made.code[node.code], step.key)
        step.variables |= dict(node.variables)
        try:
            if any(isinstance(item.source, NodePort) and self._is_left(item.source) for item in node.inputs.values()):
                raise ValueError(f"it reads the metrics of a sweep: {sweep_node.METRICS}")
            return kinds.component(node, step, content, environment, names, self._made)
        except ValueError as error:
            step.placeholder = str(error)
            self._attend(node, f"{error}. A placeholder stands in its place, which fails when it runs")
            return kinds.placeholder(content, environment, str(error))

    def _attend(self, node: Node, text: str) -> None:
        self._made.attention.append(f"Step {node.name!r}: {text}.")


def _relative(folder: str, key: str) -> str:
    own = f"components/{key}/"
    return f"./{folder.removeprefix(own)}" if folder.startswith(own) else f"../{folder.removeprefix('components/')}"
