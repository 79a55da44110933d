"""A pipeline's nodes, sub-pipelines taken apart, with the sources of their inputs and the places of their outputs.

A node of a sub-pipeline is called by its path (``prepare.clean``). A scope is one level: the job, or one sub-pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from amlbridge.engine.plan import DataType, NodePort, Source, Value
from amlbridge.v2.jobs import bindings, literals, ports, settings
from amlbridge.v2.jobs.reading import Section, invalid, scalar_text
from amlbridge.v2.jobs.sources import Assets


@dataclass(frozen=True)
class Bound:
    """What an input gets. ``text`` is set for a literal, ``type`` for data; ``mode`` is the one that the place where it
    is defined asks for. ``primitive``: the type of the literal that a step writes into a file, its output."""

    source: Source
    text: str | None = None
    type: DataType = "any"
    mode: str | None = None
    primitive: str | None = None


class Scope:
    """One level of a pipeline. ``given`` are the values of its inputs (None: an optional one without a value)."""

    def __init__(
        self,
        assets: Assets,
        jobs: Section,
        *,
        given: Mapping[str, Bound | None],
        outputs: Mapping[str, Section],
        compute: str | None,
        prefix: str = "",
        parent: Scope | None = None,
        node: str = "",
    ) -> None:
        self.assets = assets
        self.jobs = {name: Section(item, jobs.at(name)) for name, item in jobs.content.items()}
        self.spot = jobs.spot
        self.prefix = prefix
        self.compute = compute
        self._given = given
        self._outputs = outputs
        self._parent = parent
        self._node = node
        self._children: dict[str, Scope] = {}
        self._specifications: dict[str, Section] = {}

    # -- nodes ---------------------------------------------------------------------------------------------------------

    def steps(self) -> Iterator[tuple[Scope, str, Section]]:
        """The nodes that run something, those of sub-pipelines too, with their scopes."""
        for name, node in self.jobs.items():
            if kind(node) == "pipeline":
                yield from self.child(name).steps()
            else:
                yield self, name, node

    def subpipelines(self) -> Iterator[Scope]:
        """The sub-pipelines at any depth, the outer ones first."""
        for name, node in self.jobs.items():
            if kind(node) == "pipeline":
                yield self.child(name)
                yield from self.child(name).subpipelines()

    @property
    def path(self) -> str:
        """What a sub-pipeline is called: its place among the others (``prepare.clean``)."""
        return self.prefix.removesuffix(".")

    @property
    def around(self) -> Scope | None:
        """The level above; None for the job itself."""
        return self._parent

    @property
    def section(self) -> Section:
        """The node that a sub-pipeline is in the level above."""
        assert self._parent is not None, "the job itself is no node"
        return self._parent.jobs[self._node]

    def ends(self) -> Iterator[tuple[str, NodePort]]:
        """The outputs of a sub-pipeline with the ports of nodes that write them."""
        for name in self._outputs:
            bound = self.port(name)
            if bound is not None and isinstance(bound.source, NodePort):
                yield name, bound.source

    def specification(self, name: str) -> Section:
        """The specification of a node's component. Raises a 400 that names the node."""
        if name not in self._specifications:
            node = self.jobs[name]
            holder = node.section("trial") if kind(node) == "sweep" and not node.get("componentId") else node
            reference = holder.required("componentId", "component_id")
            self._specifications[name] = component(self.assets, reference, holder.at("componentId"))
        return self._specifications[name]

    def child(self, name: str) -> Scope:
        """The scope of a sub-pipeline."""
        if name not in self._children:
            node, spec = self.jobs[name], self.specification(name)
            if self.prefix.count(".") > 50:
                raise invalid(node.spot, "pipelines are nested too deeply: does one contain itself?", "CyclicPipeline")
            declared = dict(spec.sections("inputs"))
            check_names(node, "inputs", declared)
            check_names(node, "outputs", dict(spec.sections("outputs")))
            own = settings.compute_name(
                node.text("computeId") or node.section("settings").text("default_compute", "defaultCompute")
            )
            given = {key: self.input_of(name, key, item) for key, item in declared.items()}
            self._children[name] = Scope(
                self.assets,
                spec.section("jobs"),
                given=given,
                outputs=dict(spec.sections("outputs")),
                compute=own or self.compute,
                prefix=f"{self.prefix}{name}.",
                parent=self,
                node=name,
            )
        return self._children[name]

    # -- inputs --------------------------------------------------------------------------------------------------------

    def input_of(self, node: str, name: str, declared: Section) -> Bound | None:
        """What an input of a node gets; None for an optional one without a value. Raises a 400 for any other."""
        holder = self.jobs[node].section("inputs")
        spot = holder.at(name)
        found = self.bind(holder.content.get(name), spot, _wanted(declared))
        if found is not None:
            return found
        default = declared.get("default")
        if default is not None and default != "":
            text = scalar_text(default, declared.at("default"))
            return Bound(Value(text), text)
        if declared.flag("optional"):
            return None
        raise invalid(spot, "is required and has no value", "MissingInput")

    def bind(self, content: object, spot: str, wanted: DataType = "any") -> Bound | None:
        """What a value refers to in this scope."""
        if content is None:
            return None
        item = Section(content if isinstance(content, Mapping) else {"value": content}, spot)
        uri, mode = item.text("uri", "path"), item.text("mode")
        if uri is not None and not bindings.has_any(uri):
            declared = ports.data_type(ports.kind_of(item), item.at("job_input_type"), wanted)
            reference = self.assets.data(uri, declared, spot)
            return Bound(reference, type=reference.type, mode=mode)
        value = uri if uri is not None else item.get("value")
        if value is None:
            return None
        text = scalar_text(value, item.at("value"))
        reference_to = bindings.whole(text)
        if reference_to is None:
            if bindings.has_any(text):
                text = self._filled(text, spot)
            return Bound(Value(text), text, mode=mode)
        found = self._referred(reference_to, spot)
        return replace(found, mode=mode or found.mode) if found is not None else None

    def _referred(self, reference: bindings.Reference, spot: str) -> Bound | None:
        if reference.kind == "parent.inputs":
            if reference.name not in self._given:
                known = ", ".join(sorted(self._given)) or "none"
                raise invalid(
                    spot, f"refers to the pipeline input {reference.name!r}; there are: {known}", "UnknownReference"
                )
            return self._given[reference.name]
        if reference.kind == "job":
            if reference.job not in self.jobs:
                known = ", ".join(sorted(self.jobs))
                raise invalid(spot, f"refers to the node {reference.job!r}; there are: {known}", "UnknownReference")
            if reference.port == "outputs":
                return self.output(reference.job, reference.name, spot)
            declared = dict(self.specification(reference.job).sections("inputs"))
            if reference.name in declared:
                return self.input_of(reference.job, reference.name, declared[reference.name])
        raise invalid(spot, f"cannot refer to {reference.name!r} here", "UnknownReference")

    def _filled(self, text: str, spot: str) -> str:
        pieces = []
        for item in bindings.split(text):
            if isinstance(item, str):
                pieces.append(item)
                continue
            found = self._referred(item, spot)
            if found is not None and found.text is None:
                raise invalid(spot, f"{item.name!r} is data and cannot be a part of a text", "TypeMismatch")
            pieces.append(found.text or "" if found is not None else "")
        return "".join(pieces)

    # -- outputs -------------------------------------------------------------------------------------------------------

    def output(self, node: str, name: str, spot: str) -> Bound:
        """The port behind the output of a node, which may be one of a sub-pipeline."""
        if kind(self.jobs[node]) == "pipeline":
            inner = self.child(node)
            found = inner.port(name)
            if found is None:
                raise invalid(spot, f"the pipeline {node!r} has no output {name!r}", "UnknownReference")
            return found
        declared = self.outputs_of(node)
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise invalid(
                spot, f"refers to the output {name!r} of the node {node!r}, which has: {known}", "UnknownReference"
            )
        kind_of = declared[name].text("type") or ports.kind_of(declared[name])
        primitive = kind_of if literals.is_literal(kind_of) else None
        port = NodePort(f"{self.prefix}{node}", name)
        return Bound(port, type=ports.output_type(kind_of, declared[name].spot), primitive=primitive)

    def outputs_of(self, node: str) -> dict[str, Section]:
        """The outputs that a node declares: its component's, or an AutoML node's own."""
        if kind(self.jobs[node]) == "automl":
            # The client says what an output is bound to, and not its type.
            own = self.jobs[node].section("outputs")
            return {name: Section({"type": "mlflow_model"}, own.at(name)) for name in own.content}
        return dict(self.specification(node).sections("outputs"))

    def port(self, name: str) -> Bound | None:
        """The port that an output of this level is bound to, or None."""
        for node, item in self.jobs.items():
            for port, given in item.sections("outputs"):
                reference = bindings.whole(str(given.get("value") or given.text("uri", "path") or ""))
                if reference is not None and reference.kind == "parent.outputs" and reference.name == name:
                    return self.output(node, port, given.spot)
        return None

    def output_settings(self, given: Section) -> list[Section]:
        """What is said about an output, the outermost pipeline first. Raises a 400 for one that is bound to nothing."""
        reference = bindings.whole(str(given.get("value") or given.text("uri", "path") or ""))
        if reference is None:
            return [given]
        if reference.kind != "parent.outputs" or reference.name not in self._outputs:
            known = ", ".join(sorted(self._outputs)) or "none"
            raise invalid(
                given.spot,
                f"is bound to the pipeline output {reference.name!r}; there are: {known}",
                "UnknownReference",
            )
        declared = self._outputs[reference.name]
        bound = Section(
            {name: item for name, item in given.content.items() if name not in ("value", "uri")}, given.spot
        )
        if self._parent is None:
            return [declared, bound]
        outer = self._parent.jobs[self._node].section("outputs")
        here = Section(outer.content.get(reference.name), outer.at(reference.name))
        return [*self._parent.output_settings(here), bound]


def kind(node: Section) -> str:
    """The type of a node."""
    return (node.text("type") or "command").lower()


def component(assets: Assets, reference: str, spot: str) -> Section:
    """The specification of a component. Raises a 400 that names the place."""
    name, spec = assets.component(reference, spot)
    return Section(spec, f"component {name}")


def check_names(node: Section, part: str, declared: Mapping[str, Section]) -> None:
    """Raises a 400 for an input or output that the component does not have."""
    for name in node.section(part).content:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise invalid(node.section(part).at(name), f"the component has no such {part[:-1]}; it has: {known}")


def _wanted(declared: Section) -> DataType:
    kind_of = declared.text("type")
    return "any" if literals.is_literal(kind_of) else ports.data_type(kind_of, declared.at("type"), "any")
