"""A v1 RunConfiguration (ScriptRunConfig, Estimator and its kin) as a Plan with one node.

Protocol facts: the configuration is camelCase JSON. ``data`` names inputs ({dataLocation: {dataset: {id of a saved
dataset, name, version} | dataPath}, mechanism direct|mount|download}), ``outputData`` outputs ({outputLocation:
{dataPath}, mechanism, additionalOptions}), ``dataReferences`` paths on datastores of which mode upload is an output.
``arguments`` refer to them as pipelines do; ``command`` is one line for the shell, also when the user gave a list.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import (
    Argument,
    Command,
    DataReference,
    Input,
    Json,
    Node,
    Output,
    Plan,
    Registration,
    Resources,
)
from amlbridge.v1 import graph_arguments, graph_ports, graph_runconfig
from amlbridge.v1.graph_parameters import FindDataset, datastore_uri, saved_dataset
from amlbridge.v1.graph_reading import Fields, scalar_text
from amlbridge.wire.errors import ServiceError, bad_request

#: The id of the only node.
NODE = "run"
LOCAL = "local"
_LATEST = "latest"
_FRAMEWORKS = {
    "pyspark": "needs a Spark cluster: run the script with a local Spark, as a command",
    "r": "needs the retired R runtime of Azure ML: run it as a command, `Rscript your_script.R`",
}
_SECTIONS = {
    "applicationEndpoints": "opens an endpoint into a remote container; run the tool on this machine instead",
    "datacaches": "needs a data cache of Azure: use as_mount() or as_download()",
    "autoClusterComputeSpecification": "chooses a remote cluster: name a compute target",
}


def spot_of(node: Node) -> str:
    """What a node is called in a message: a run of one script is no step."""
    return "the run" if node.id == NODE else f"step {node.name!r}"


def refused(message: str) -> ServiceError:
    """The 400 for a configuration that is understood and cannot be had on this machine."""
    return bad_request(message, "NotSupportedHere")


def lower(config: Fields, code: str | None, find: FindDataset, default_store: str) -> Plan:
    """The Plan of a configuration; ``code`` is the digest of its snapshot, ``default_store`` the workspace's default
    datastore. Raises a 400 :class:`ServiceError`."""
    _check(config)
    count = graph_runconfig.nodes(config, _nothing)
    outputs = {**_outputs(config, default_store), **_uploads(config)}
    inputs = {**_inputs(config, find), **_references(config)}
    target = config.text("target")
    node = Node(
        id=NODE,
        name=config.text("script") or "command",
        command=_command(config, inputs, outputs),
        code=code,
        inputs=inputs,
        outputs=outputs,
        environment=graph_runconfig.environment(config),
        variables=graph_runconfig.variables(config),
        resources=Resources(None if target == LOCAL else target, count, graph_runconfig.instance_type(config)),
        distribution=graph_runconfig.distribution(config, _nothing, count),
        # Azure runs a script run each time that it is submitted.
        deterministic=False,
        timeout=graph_runconfig.timeout(config, _nothing),
        options=_options(config),
    )
    return Plan((node,))


def _nothing(_name: str) -> str | None:
    """Nothing overrides the fields of this configuration."""
    return None


def _check(config: Fields) -> None:
    framework = (config.text("framework") or "").lower()
    if framework in _FRAMEWORKS:
        raise refused(f"the framework {config.text('framework')} {_FRAMEWORKS[framework]}")
    for name, reason in _SECTIONS.items():
        if config.content.get(name):
            raise refused(f"{name} of the run configuration cannot be served: it {reason}")
    if config.text("target") == "amlcompute":
        raise refused(
            "a run cannot make its own cluster here: create one with ComputeTarget.create() and name it as the target"
        )


def _command(config: Fields, inputs: Mapping[str, Input], outputs: Mapping[str, Output]) -> Command:
    names = graph_arguments.Names({name: name for name in inputs}, outputs, {}, "the run")
    script, line, items = config.text("script"), _line(config), _arguments(config)
    if line and script:
        raise bad_request("a run has either a script or a command: leave one of them out", "InvalidRunConfiguration")
    if line:
        words = [line, *(shlex.quote(item) if item else "''" for item in items)]
        return Command((Argument(names.text(" ".join(words))),), shell=True)
    if not script:
        raise bad_request("the run has neither a script nor a command", "InvalidRunConfiguration")
    return graph_arguments.script_command(script, [names.text(item) for item in items])


def _line(config: Fields) -> str | None:
    command = config.content.get("command")
    if isinstance(command, list):
        return " ".join(config.texts("command"))
    return config.text("command")


def _arguments(config: Fields) -> list[str]:
    """The arguments as texts. A string that holds them all is taken apart as a shell would."""
    if isinstance(config.content.get("arguments"), str):
        return shlex.split(config.text("arguments") or "")
    return [
        scalar_text(item, f"{config.at('arguments')}[{index}]") for index, item in enumerate(config.items("arguments"))
    ]


def _inputs(config: Fields, find: FindDataset) -> dict[str, Input]:
    found = {}
    section = config.object("data")
    for name in section.content:
        item = section.object(name)
        found[name] = Input(
            _data(item.object("dataLocation"), find),
            mode=graph_ports.mode(item.text("mechanism"), item.at("mechanism"), "direct"),
            path_on_compute=item.text("pathOnCompute") or None,
            overwrite=item.flag("overwrite"),
        )
    return found


def _data(location: Fields, find: FindDataset) -> DataReference:
    dataset = location.object("dataset")
    if dataset.text("id"):
        return saved_dataset(dataset.required("id"))
    if dataset.content:
        version = dataset.label("version")
        latest = version is None or version.lower() == _LATEST
        return saved_dataset(find(None, dataset.required("name"), None if latest else version))
    path = location.object("dataPath")
    if path.content:
        return DataReference(datastore_uri(path.required("datastoreName"), path.text("relativePath") or ""))
    raise bad_request(
        f"{location.spot} names neither a dataset nor a path on a datastore: only these can be read",
        "InvalidRunConfiguration",
    )


def _references(config: Fields) -> dict[str, Input]:
    section = config.object("dataReferences")
    found = {}
    for name in section.content:
        item = section.object(name)
        how = graph_ports.mode(item.text("mode"), item.at("mode"))
        if how != "upload":
            uri = datastore_uri(item.required("dataStoreName"), item.text("pathOnDataStore") or "")
            path = item.text("pathOnCompute") or None
            found[name] = Input(DataReference(uri), mode=how, path_on_compute=path, overwrite=item.flag("overwrite"))
    return found


def _uploads(config: Fields) -> dict[str, Output]:
    section = config.object("dataReferences")
    found = {}
    for name in section.content:
        item = section.object(name)
        if graph_ports.mode(item.text("mode"), item.at("mode")) == "upload":
            path = item.text("pathOnDataStore") or ""
            store = item.required("dataStoreName")
            found[name] = Output(store, path, type="any", mode="upload", overwrite=item.flag("overwrite"))
    return found


def _outputs(config: Fields, default_store: str) -> dict[str, Output]:
    section = config.object("outputData")
    found = {}
    for name in section.content:
        item = section.object(name)
        path = item.object("outputLocation").object("dataPath")
        options = item.object("additionalOptions")
        found[name] = Output(
            path.text("datastoreName") or default_store,
            _clean(path.text("relativePath")) or graph_ports.DATASET_PATH,
            mode=graph_ports.mode(item.text("mechanism"), item.at("mechanism")),
            overwrite=options.object("uploadOptions").flag("overwrite"),
            registration=_registration(options.object("registrationOptions")),
        )
    return found


def _registration(item: Fields) -> Registration | None:
    name = item.text("name")
    if not name:
        return None
    more = item.object("datasetRegistrationOptions")
    spot = more.at("additionalTransformation")
    blocks = graph_ports.blocks(
        Fields({"AdditionalTransformations": more.content.get("additionalTransformation")}, spot)
    )
    return Registration(
        name,
        description=item.text("description"),
        tags=item.scalars("tags"),
        transformations={"blocks": blocks} if blocks else None,
    )


def _options(config: Fields) -> dict[str, Json]:
    found = graph_runconfig.details(config)
    outputs: dict[str, Any] = {}
    references = config.object("dataReferences")
    for name in _uploads(config):
        path = references.object(name).text("pathOnCompute")
        if path:
            outputs[name] = {"path_on_compute": path}
    section = config.object("outputData")
    for name in section.content:
        options = section.object(name).object("additionalOptions")
        entry: dict[str, Any] = {}
        if options.text("pathOnCompute"):
            entry["path_on_compute"] = options.text("pathOnCompute")
        patterns = options.object("uploadOptions").object("sourceGlobs").texts("patterns")
        if patterns:
            entry["source_globs"] = patterns
        if entry:
            outputs[name] = entry
    return {**found, "outputs": outputs} if outputs else found


def _clean(path: str | None) -> str:
    return "/".join(part for part in (path or "").replace("\\", "/").split("/") if part not in ("", "."))
