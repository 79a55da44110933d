"""A pipeline as Python: components loaded from their files, and a function with ``@dsl.pipeline``."""

from __future__ import annotations

import json
from typing import Any

from amlbridge.trace.automl_node import MODEL
from amlbridge.trace.model import Binding, FromPipeline, FromStep, Pipeline, PipelineInput, Step
from amlbridge.trace.python_text import call, literal

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_CLASSES = {"bandit": "BanditPolicy", "median_stopping": "MedianStoppingPolicy"}
_CLASSES["truncation_selection"] = "TruncationSelectionPolicy"
_CHOICES = {
    "choice": "Choice",
    "randint": "Randint",
    "uniform": "Uniform",
    "quniform": "QUniform",
    "normal": "Normal",
    "loguniform": "LogUniform",
    "qloguniform": "QLogUniform",
    "qnormal": "QNormal",
    "lognormal": "LogNormal",
    "qlognormal": "QLogNormal",
}


def text(pipeline: Pipeline) -> str:
    """The content of pipeline.py, in the form that black gives it."""
    return PythonWriter(pipeline).text()


class PythonWriter:
    """Writes the parts of a pipeline in Python, and remembers what they import."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._imports: dict[str, set[str]] = {
            "azure.ai.ml": {"MLClient", "dsl"},
            "azure.identity": {"DefaultAzureCredential"},
        }

    def _need(self, module: str, name: str) -> str:
        self._imports.setdefault(module, set()).add(name)
        return name

    def text(self) -> str:
        """The module."""
        loaded = [line for step in self._pipeline.steps if step.component is not None for line in self._loaded(step)]
        function, main = self._function(), self._main()
        here = ["HERE = Path(__file__).parent", ""]
        doc = f'"""The pipeline {self._pipeline.name} in SDK v2, written from what the v1 script submitted."""'
        head = [doc, "", "from pathlib import Path", "", *self._import_lines(), "", *here, *loaded, "", ""]
        tail = ["", "", 'if __name__ == "__main__":', "    main()", ""]
        return "\n".join([*head, *function, "", "", *main, *tail])

    def _import_lines(self) -> list[str]:
        lines = []
        for module in sorted(self._imports):
            names = sorted(self._imports[module])
            line = f"from {module} import {', '.join(names)}"
            if len(line) > 88:
                lines += [f"from {module} import (", *(f"    {name}," for name in names), ")"]
            else:
                lines.append(line)
        return lines

    def _loaded(self, step: Step) -> list[str]:
        load = self._need("azure.ai.ml", "load_component")
        path = f'HERE / "components" / "{step.key}" / "component.yml"'
        return call(f"{self._component(step)} = {load}", [path], "")

    def _component(self, step: Step) -> str:
        """The variable of a component."""
        return f"{step.key}_component"

    # -- the pipeline function --------------------------------------------------------------------------------------

    def _function(self) -> list[str]:
        pipeline = self._pipeline
        keywords = [f"display_name={literal(pipeline.name)}"]
        if pipeline.description:
            keywords.append(f"description={literal(pipeline.description)}")
        lines = call("@dsl.pipeline", keywords, "")
        lines += self._head(pipeline.name, pipeline.inputs)
        return [*lines, f'    """{_doc(pipeline)}"""', *self._body()]

    def _head(self, name: str, inputs: list[PipelineInput]) -> list[str]:
        """The ``def`` line. What has a default comes last."""
        parameters = sorted(inputs, key=lambda item: not item.is_data and item.default is not None)
        return call(f"def {name}", [self._parameter(item) for item in parameters], "", end=":")

    def _body(self) -> list[str]:
        lines = [line for step in self._pipeline.steps for line in self._node(step)]
        return lines + self._returned() if self._pipeline.outputs else lines

    def _parameter(self, item: PipelineInput) -> str:
        if item.is_data:
            return f"{item.name}: {self._need('azure.ai.ml', 'Input')}"
        default = "" if item.default is None else f" = {literal(item.typed)}"
        return f"{item.name}: {_TYPES[item.type]}{default}"

    def _node(self, step: Step) -> list[str]:
        inputs = [f"{name}={self._binding(item)}" for name, item in step.inputs.items()]
        if step.component is None:
            return [*self._automl(step, inputs), *self._compute(step)]
        if "search_space" in step.job:
            return [*self._sweep(step, inputs), *self._settings(step)]
        plain = not (step.job or step.compute or step.outputs or step.variables)
        target = "" if plain and not self._is_used(step) else f"{step.key} = "
        lines = call(f"    {target}{self._component(step)}", inputs, "    ")
        limits = step.job.get("limits")
        if limits:
            made = self._need("azure.ai.ml.entities", "CommandJobLimits")
            lines.append(f"    {step.key}.limits = {made}(timeout={limits['timeout']})")
        return [*lines, *self._settings(step)]

    def _is_used(self, step: Step) -> bool:
        """Whether another step or the pipeline reads an output."""
        bindings = [item for other in self._pipeline.steps for item in other.inputs.values()]
        bindings += self._pipeline.outputs.values()
        return any(isinstance(item, FromStep) and item.step == step.key for item in bindings)

    def _settings(self, step: Step) -> list[str]:
        lines = self._compute(step)
        for name, said in step.outputs.items():
            output = self._need("azure.ai.ml", "Output")
            keywords = [f"{key}={literal(value)}" for key, value in said.items()]
            lines += call(f"    {step.key}.outputs.{name} = {output}", keywords, "    ")
        for name, value in step.variables.items():
            shown = value.name if isinstance(value, FromPipeline) else literal(value)
            lines.append(f"    {step.key}.environment_variables[{literal(name)}] = {shown}")
        return lines

    def _compute(self, step: Step) -> list[str]:
        return [f"    {step.key}.compute = {literal(step.compute)}"] if step.compute else []

    def _binding(self, item: Binding) -> str:
        if isinstance(item, FromPipeline):
            return item.name
        if isinstance(item, FromStep):
            return f"{item.step}.outputs.{item.port}"
        return literal(item.value)

    def _returned(self) -> list[str]:
        items = [f"{literal(name)}: {port.step}.outputs.{port.port}" for name, port in self._pipeline.outputs.items()]
        line = f"    return {{{', '.join(items)}}}"
        if len(line) <= 88:
            return [line]
        return ["    return {", *(f"        {item}," for item in items), "    }"]

    # -- nodes without a plain component ----------------------------------------------------------------------------

    def _automl(self, step: Step, inputs: list[str]) -> list[str]:
        automl, output = self._need("azure.ai.ml", "automl"), self._need("azure.ai.ml", "Output")
        own = {
            name: value
            for name, value in step.job.items()
            if name not in ("task", "limits", "training", "featurization", "forecasting")
        }
        keywords = [*inputs, *(f"{name}={literal(value)}" for name, value in own.items())]
        keywords.append(f'outputs={{"{MODEL}": {output}(type="mlflow_model")}}')
        lines = call(f"    {step.key} = {automl}.{step.job['task']}", keywords, "    ")
        for section, setter in (
            ("limits", "set_limits"),
            ("training", "set_training"),
            ("featurization", "set_featurization"),
            ("forecasting", "set_forecast_settings"),
        ):
            said: dict[str, Any] = step.job.get(section) or {}
            if said:
                given = [f"{name}={self._automl_value(name, value)}" for name, value in said.items()]
                lines += call(f"    {step.key}.{setter}", given, "    ")
        return lines

    def _automl_value(self, name: str, value: Any) -> str:
        if name != "transformer_params":
            return literal(value)
        made = self._need("azure.ai.ml.automl", "ColumnTransformer")
        items = (
            f"{literal(key)}: [{', '.join(_keywords(made, item) for item in listed)}]" for key, listed in value.items()
        )
        return f"{{{', '.join(items)}}}"

    def _sweep(self, step: Step, inputs: list[str]) -> list[str]:
        job, trial = step.job, f"{step.key}_trial"
        space = [f"{name}={self._choice(item)}" for name, item in job["search_space"].items()]
        lines = call(f"    {trial} = {self._component(step)}", [*inputs, *space], "    ")
        sampling = job["sampling_algorithm"]
        if isinstance(sampling, dict):
            made = self._need("azure.ai.ml.sweep", f"{sampling['type'].capitalize()}SamplingAlgorithm")
            shown = _keywords(made, {name: value for name, value in sampling.items() if name != "type"})
        else:
            shown = literal(sampling)
        objective = job["objective"]
        keywords = [
            f"primary_metric={literal(objective['primary_metric'])}",
            f"goal={literal(objective['goal'])}",
            f"sampling_algorithm={shown}",
        ]
        lines += call(f"    {step.key} = {trial}.sweep", keywords, "    ")
        lines += call(f"    {step.key}.set_limits", [f"{key}={value}" for key, value in job["limits"].items()], "    ")
        policy = job.get("early_termination")
        if policy:
            made = self._need("azure.ai.ml.sweep", _CLASSES[policy["type"]])
            given = [f"{key}={literal(value)}" for key, value in policy.items() if key != "type"]
            lines += call(f"    {step.key}.early_termination = {made}", given, "    ")
        return lines

    def _choice(self, item: dict[str, Any]) -> str:
        made = self._need("azure.ai.ml.sweep", _CHOICES[item["type"]])
        return _keywords(made, {name: value for name, value in item.items() if name != "type"})

    # -- the main function ------------------------------------------------------------------------------------------

    def _main(self) -> list[str]:
        pipeline = self._pipeline
        lines = ["def main() -> None:", '    """Submits the pipeline and waits for its end."""']
        lines.append("    client = MLClient.from_config(DefaultAzureCredential())")
        given = [f"{item.name}={self._value(item)}" for item in pipeline.inputs if item.is_data or item.default is None]
        lines += call(f"    job = {pipeline.name}", given, "    ")
        if pipeline.default_compute:
            lines.append(f"    job.settings.default_compute = {literal(pipeline.default_compute)}")
        lines.append(f"    job.settings.continue_on_step_failure = {pipeline.continue_on_failure}")
        if pipeline.force_rerun:
            lines.append("    job.settings.force_rerun = True")
        keywords = ["job"]
        if pipeline.experiment:
            keywords.append(f"experiment_name={literal(pipeline.experiment)}")
        lines += call("    job = client.jobs.create_or_update", keywords, "    ")
        return [*lines, "    print(job.studio_url)", "    client.jobs.stream(job.name)"]

    def _value(self, item: PipelineInput) -> str:
        if not item.is_data:
            return literal(f"<{item.name}>")
        path = item.path or ""
        place = literal(path)
        if path.startswith("azureml:") and path.endswith("@latest"):
            # The client takes a label apart only in YAML.
            name = path.removeprefix("azureml:").removesuffix("@latest")
            place = f'client.data.get({literal(name)}, label="latest").id'
        if path.startswith("./"):
            place = f"str(HERE{''.join(f' / {json.dumps(part)}' for part in path[2:].split('/'))})"
        return f"{self._need('azure.ai.ml', 'Input')}(type={literal(item.type)}, path={place})"


def _keywords(name: str, values: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={literal(value)}' for key, value in values.items())})"


def _doc(pipeline: Pipeline) -> str:
    names = [step.node.name for step in pipeline.steps]
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    return shown.replace("\\", "/").replace('"', "'") + "."
