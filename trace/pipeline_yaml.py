"""A pipeline as the YAML of a pipeline job."""

from __future__ import annotations

from typing import Any

from amlbridge.trace.automl_node import MODEL
from amlbridge.trace.model import Binding, FromPipeline, FromStep, Literal, Pipeline, PipelineInput, Step
from amlbridge.trace.yaml_text import dump

_SCHEMA = "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json"


def text(pipeline: Pipeline) -> str:
    """The content of pipeline.yml."""
    content: dict[str, Any] = {"$schema": _SCHEMA, "type": "pipeline", "display_name": pipeline.name}
    if pipeline.description:
        content["description"] = pipeline.description
    if pipeline.experiment:
        content["experiment_name"] = pipeline.experiment
    if pipeline.inputs:
        content["inputs"] = {item.name: _input(item) for item in pipeline.inputs}
    if pipeline.outputs:
        content["outputs"] = {name: _output(pipeline, port) for name, port in pipeline.outputs.items()}
    content["settings"] = settings(pipeline)
    content["jobs"] = {step.key: _node(step, pipeline) for step in pipeline.steps}
    return dump(content)


def settings(pipeline: Pipeline) -> dict[str, Any]:
    """The settings of the whole pipeline. What is to happen when a step fails is always said: the default of Azure is
    another one than that of SDK v1."""
    found: dict[str, Any] = {}
    if pipeline.default_compute:
        found["default_compute"] = f"azureml:{pipeline.default_compute}"
    found["continue_on_step_failure"] = pipeline.continue_on_failure
    if pipeline.force_rerun:
        found["force_rerun"] = True
    return found


def _input(item: PipelineInput) -> Any:
    """A job gives values. One that has none has to be filled in: its README says so."""
    if item.is_data:
        return {"type": item.type, "path": item.path}
    return f"<{item.name}>" if item.default is None else item.typed


def _output(pipeline: Pipeline, port: FromStep) -> dict[str, Any]:
    step = pipeline.step(port.step)
    said = {"type": step.declared_outputs[port.port]["type"], **step.outputs.get(port.port, {})}
    if step.declared_outputs[port.port].get("mode") == "upload":
        said["mode"] = "upload"
    return said


def _node(step: Step, pipeline: Pipeline) -> dict[str, Any]:
    if step.component is None:
        return _automl(step)
    node: dict[str, Any] = {"type": step.component["type"]}
    source = f"./components/{step.key}/component.yml"
    if "search_space" in step.job:
        node["type"], node["trial"] = "sweep", source
    else:
        node["component"] = source
    if step.inputs:
        node["inputs"] = {name: _binding(item) for name, item in step.inputs.items()}
    outputs: dict[str, Any] = {}
    for name, said in step.outputs.items():
        outputs[name] = said
    for name, port in pipeline.outputs.items():
        if port.step == step.key:
            outputs[port.port] = f"${{{{parent.outputs.{name}}}}}"
    if outputs:
        node["outputs"] = outputs
    if step.variables:
        node["environment_variables"] = {name: _variable(item) for name, item in step.variables.items()}
    node |= step.job
    if step.compute:
        node["compute"] = f"azureml:{step.compute}"
    return node


def _automl(step: Step) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "automl", **step.job}
    node |= {name: _binding(item) for name, item in step.inputs.items()}
    node["outputs"] = {MODEL: {"type": "mlflow_model"}}
    if step.compute:
        node["compute"] = f"azureml:{step.compute}"
    return node


def _binding(item: Binding) -> Any:
    if isinstance(item, FromPipeline):
        return f"${{{{parent.inputs.{item.name}}}}}"
    if isinstance(item, FromStep):
        return f"${{{{parent.jobs.{item.step}.outputs.{item.port}}}}}"
    return item.value


def _variable(item: str | FromPipeline) -> Any:
    return _binding(item) if isinstance(item, FromPipeline) else item


__all__ = ["Literal", "settings", "text"]
