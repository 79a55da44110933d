"""Lowers a v1 pipeline graph to a Plan.

The JSON is what azureml-pipeline-core posts to ``PipelineRuns/Unsubmitted/CreationInfoWithGraph`` (protocol notes,
section 5): a graph of module nodes, dataset nodes and edges, the graph's interface, and what the submission assigns.
The modules and data sources that it names were posted before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from amlbridge.engine import plan_json
from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import (
    DataParameter,
    DataParameterRef,
    DataReference,
    Json,
    Node,
    NodePort,
    Parameter,
    Plan,
    Scalar,
    Settings,
    Source,
)
from amlbridge.v1 import graph_parameters, graph_ports
from amlbridge.v1.graph_parameters import FindDataset
from amlbridge.v1.graph_reading import Fields, malformed
from amlbridge.v1.graph_step import Incoming, Step
from amlbridge.wire.errors import bad_request

#: A document by its id, None when there is none; ``dict.get`` is one.
Lookup: TypeAlias = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Lowered:
    """A Plan with what the submission assigns to its parameters. ``settled`` are the parameters whose value the Plan
    holds in itself (a step's node count, for instance): with other values of the others it is the same Plan."""

    plan: Plan
    parameters: Mapping[str, Scalar]
    data_parameters: Mapping[str, DataReference]
    settled: frozenset[str] = frozenset()


class _Watched(dict[str, Scalar]):
    """Values that know which of them were looked at."""

    def __init__(self, values: Mapping[str, Scalar]) -> None:
        super().__init__(values)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Scalar:
        self.seen.add(name)
        return super().__getitem__(name)


def lower(
    creation: Mapping[str, Any],
    modules: Lookup,
    data_sources: Lookup,
    find_dataset: FindDataset,
    code_of: Callable[[str], str] = str,
    *,
    complete: bool = True,
) -> Lowered:
    """The Plan of a ``PipelineRunCreationInfoWithGraph``.

    ``modules`` and ``data_sources`` give the documents that were posted; ``find_dataset`` the saved dataset behind a
    registered one. ``code_of`` maps a snapshot id to :attr:`Node.code`: the id itself for a Plan that shall run, the
    digest of the snapshot's content (:meth:`amlbridge.engine.snapshots.SnapshotStore.digest`) for one to be compared.
    Fields of a run configuration that a pipeline parameter sets (node and process counts) get the value of this
    submission; ``options["bound_settings"]`` says which. ``complete``: every parameter must have a value.

    Any graph that is well formed is lowered, whatever can run it: see :func:`graph_kinds.check_runnable`. Raises a 400
    :class:`ServiceError` that names the spot.
    """
    document = Fields(creation, "the body")
    info = Fields(document.object("CreationInfo").content, "CreationInfo")
    interface = Fields(document.object("GraphInterface").content, "GraphInterface")
    parameters = graph_parameters.declared(interface)
    data_parameters = graph_parameters.declared_data(interface, find_dataset)
    values = graph_parameters.assigned(info, parameters)
    data_values = graph_parameters.assigned_data(info, data_parameters, find_dataset)
    if complete:
        check_complete(parameters, values, data_parameters, data_values)
    settled = _Watched(graph_parameters.with_values(parameters, values))
    graph = _Graph(Fields(document.object("Graph").content, "Graph"), modules, data_sources, find_dataset)
    graph.read_steps(settled, parameters, data_parameters)
    plan = graph.plan(info, parameters, data_parameters, code_of)
    try:
        plan_json.topological_order(plan)
    except PlanError as error:
        raise bad_request(str(error), "InvalidGraph") from error
    return Lowered(plan, values, data_values, frozenset(settled.seen))


def check_complete(
    parameters: tuple[Parameter, ...],
    values: Mapping[str, Scalar],
    data_parameters: tuple[DataParameter, ...],
    data_values: Mapping[str, DataReference],
) -> None:
    """Raises a 400 :class:`ServiceError` that names the parameters without a value."""
    missing = [item.name for item in parameters if item.required and item.name not in values]
    missing += [item.name for item in data_parameters if item.default is None and item.name not in data_values]
    if missing:
        names = ", ".join(sorted(missing))
        raise bad_request(f"no value is given for {names}, and there is no default", "InvalidParameter")


class _Graph:
    """A graph while it is read."""

    def __init__(self, graph: Fields, modules: Lookup, data_sources: Lookup, find_dataset: FindDataset) -> None:
        self._graph = graph
        self._modules = modules
        self._data_sources = data_sources
        self._find_dataset = find_dataset
        self._steps: dict[str, Step] = {}
        self._data: dict[str, Source] = {}
        self._sources: dict[str, dict[str, tuple[Source, list[Json]]]] = {}
        self._after: dict[str, list[str]] = {}
        self._outputs: dict[str, NodePort] = {}

    def read_steps(
        self,
        values: Mapping[str, Scalar],
        parameters: tuple[Parameter, ...],
        data_parameters: tuple[DataParameter, ...],
    ) -> None:
        """Reads nodes, then edges."""
        declared = frozenset(item.name for item in parameters)
        data_names = frozenset(item.name for item in data_parameters)
        for item in self._graph.objects("ModuleNodes"):
            module_id = item.required("ModuleId")
            module = self._modules(module_id)
            if module is None:
                raise malformed(item.at("ModuleId"), f"names the module {module_id!r}, which is not there")
            step = Step(item, Fields(module, f"module {module_id!r}"), values, declared, data_names)
            self._add(item, step.id)
            self._steps[step.id] = step
            self._sources[step.id], self._after[step.id] = {}, []
        if not self._steps:
            raise malformed(self._graph.at("ModuleNodes"), "has no steps")
        for item in self._graph.objects("DatasetNodes"):
            node_id = item.required("Id")
            self._add(item, node_id)
            self._data[node_id] = self._data_source(item, data_names)
        for edge in self._graph.objects("Edges"):
            self._read_edge(edge)

    def _add(self, item: Fields, node_id: str) -> None:
        if node_id in self._steps or node_id in self._data:
            raise malformed(item.at("Id"), f"{node_id!r} is there twice")

    # -- data nodes -------------------------------------------------------------------------------------------------

    def _data_source(self, item: Fields, data_names: frozenset[str]) -> Source:
        if item.text("DatasetId"):
            return self._posted_source(item)
        definition = item.object("DataSetDefinition")
        parameter = item.text("DataPathParameterName") or definition.text("ParameterName")
        if parameter:
            if parameter not in data_names:
                raise malformed(
                    item.spot,
                    f"names the data parameter {parameter!r}, which is not declared: put its DatasetConsumptionConfig "
                    "into the step's arguments, too (the SDK declares a dataset's parameter only there)",
                )
            return DataParameterRef(parameter)
        value = definition.object("Value")
        if not value.content:
            raise malformed(item.spot, "names no data: it has no DatasetId, no parameter and no DataSetDefinition")
        return graph_parameters.dataset_reference(value, self._find_dataset)

    def _posted_source(self, item: Fields) -> DataReference:
        source_id = item.required("DatasetId")
        found = self._data_sources(source_id)
        if found is None:
            raise malformed(item.at("DatasetId"), f"names the data source {source_id!r}, which is not there")
        source = Fields(found, f"data source {source_id!r}")
        reference = source.object("DataLocation").object("DataReference")
        for kind in _PATH_REFERENCES:
            place = reference.object(kind)
            if place.content:
                path = place.text("RelativePath") or ""
                return DataReference(graph_parameters.datastore_uri(place.required("AmlDataStoreName"), path))
        raise malformed(
            source.spot, "is a table or query of a database, which amlbridge cannot read: export it to files"
        )

    # -- edges ------------------------------------------------------------------------------------------------------

    def _read_edge(self, edge: Fields) -> None:
        start, end = edge.object("SourceOutputPort"), edge.object("DestinationInputPort")
        source_id, port = start.required("NodeId"), start.text("PortName") or ""
        name = end.text("GraphPortName")
        if name:
            self._read_output(name, start, source_id, port)
            return
        target_id, input_name = end.required("NodeId"), end.required("PortName")
        target = self._steps.get(target_id)
        if target is None:
            raise malformed(end.at("NodeId"), f"names {target_id!r}, which is no step of the graph")
        if source_id in self._data:
            source, produced = self._data[source_id], []
        elif graph_ports.orders_only(port) or graph_ports.orders_only(input_name):
            self._step(start, source_id)
            self._after[target_id].append(source_id)
            return
        else:
            step = self._output_port(start, source_id, port)
            source = NodePort(source_id, port)
            produced = graph_ports.produced_blocks(step.output_settings.get(port))
        if input_name not in target.inputs:
            raise malformed(end.at("PortName"), f"names the input {input_name!r}, which {target.spot} does not have")
        if input_name in self._sources[target_id]:
            raise malformed(end.spot, f"connects the input {input_name!r} of {target.spot} a second time")
        self._sources[target_id][input_name] = (source, produced)

    def _read_output(self, name: str, start: Fields, source_id: str, port: str) -> None:
        self._output_port(start, source_id, port)
        if name in self._outputs:
            raise malformed(start.spot, f"is a second pipeline output with the name {name!r}")
        self._outputs[name] = NodePort(source_id, port)

    def _step(self, start: Fields, node_id: str) -> Step:
        step = self._steps.get(node_id)
        if step is None:
            raise malformed(start.at("NodeId"), f"names {node_id!r}, which is no node of the graph")
        return step

    def _output_port(self, start: Fields, node_id: str, port: str) -> Step:
        step = self._step(start, node_id)
        if port not in step.outputs:
            raise malformed(start.at("PortName"), f"names the output {port!r}, which {step.spot} does not have")
        return step

    # -- the plan ---------------------------------------------------------------------------------------------------

    def plan(
        self,
        info: Fields,
        parameters: tuple[Parameter, ...],
        data_parameters: tuple[DataParameter, ...],
        code_of: Callable[[str], str],
    ) -> Plan:
        """The Plan of the steps that were read."""
        nodes = [
            step.lower(Incoming(self._sources[step.id], self._after[step.id]), code_of) for step in self._steps.values()
        ]
        regenerated = [step.node.flag("RegenerateOutput") for step in self._steps.values()]
        force = all(regenerated)
        if not force:
            nodes = [_forced(node) if again else node for node, again in zip(nodes, regenerated, strict=True)]
        proceed = info.flag("ContinueExperimentOnNodeFailure") or info.flag("ContinueRunOnStepFailure")
        default_compute = self._graph.object("DefaultCompute").text("Name")
        return Plan(
            nodes=tuple(nodes),
            parameters=parameters,
            data_parameters=data_parameters,
            outputs=self._outputs,
            settings=Settings(continue_on_failure=proceed, force_rerun=force, default_compute=default_compute),
            description=info.text("Description"),
        )


#: Where a data source's place can stand; databases are elsewhere.
_PATH_REFERENCES = (
    "AzureBlobReference",
    "AzureFilesReference",
    "AzureDataLakeReference",
    "AzureDataLakeGen2Reference",
    "DBFSReference",
)


def _forced(node: Node) -> Node:
    """A node that runs again although the others may be reused (``regenerate_outputs`` of one step)."""
    return dataclasses.replace(node, options={**node.options, "force": True})
