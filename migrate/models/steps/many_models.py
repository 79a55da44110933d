"""Steps for many models and for hierarchical series, as nodes of Microsoft's components in the registry ``azureml``.

Source: the article "Set up AutoML to train a time-series forecasting model" of SDK v2 and the components' notebooks.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import INTERMEDIATE, REFERENCES, Data, follow, input_code
from amlbridge.migrate.models.jobs.arguments import Arguments, Port, data_name, list_elements, output_port
from amlbridge.migrate.models.jobs.settings import Settings
from amlbridge.migrate.models.steps.many_models_settings import TRAIN, TRAINING, is_literal, settings_file
from amlbridge.migrate.models.steps.steps import Step, reads
from amlbridge.migrate.rewriter import Rewriter

#: The call that makes the steps of a forecast.
INFER = "AutoMLPipelineBuilder.get_many_models_batch_inference_steps"
#: What gives a forecast its settings -> the component that forecasts.
INFERENCE = {
    "ManyModelsInferenceParameters": "automl_many_models_inference",
    "HTSInferenceParameters": "automl_hts_inference",
}
#: Option of a step's script -> the component's input.
_OPTIONS = {
    "--retrain_failed_models": "retrain_failed_model",
    "--retrain_failed_model": "retrain_failed_model",
    "--forecast_quantiles": "forecast_quantiles",
    "--forecast_mode": "forecast_mode",
    "--step": "forecast_step",
    "--forecast_step": "forecast_step",
}
#: The output of a forecast that v1 had one file of, and that of a whole hierarchy.
_PREDICTIONS = {"automl_many_models_inference": "raw_predictions", "automl_hts_inference": "run_output"}
#: What v1 calls the output of a forecast where the script does not.
_NAMED = {"automl_many_models_inference": "many_models_inference_output", "automl_hts_inference": "forecasts"}
_ASSUMED = (
    "the component {name} of the registry azureml is assumed, in its latest version; it takes a folder of parquet or "
    "csv files as raw_data"
)


@dataclass
class RegistryStep(Step):
    """A node of a component of the registry. ``registered``: its name there; ``keywords``: its inputs but for data."""

    registered: str = ""
    keywords: list[str] = field(default_factory=list)

    def component_code(self, to: Rewriter) -> str:
        """The component, as the registry has it."""
        if self.after:
            raise ValueError("a component of the registry has no input to wait with: give it data of the earlier step")
        client = to.need("azure.ai.ml", "MLClient")
        credential = to.need("azure.identity", "DefaultAzureCredential")
        registry = f'{client}(credential={credential}(), registry_name="azureml")'
        return f'{registry}.components.get("{self.registered}", label="latest")'

    def make_table(self, port: Port, kind: str) -> None:
        """Its outputs are files."""
        raise ValueError("the output of a forecast is a parquet file: read it in the script of the next step")

    @property
    def token(self) -> str:
        """It is there when the node has ended."""
        return "run_output"

    def node_lines(self, bound: list[str], to: Rewriter) -> list[str]:
        """The node, and where its output goes."""
        lines = [f"{self.node} = {self.component}({', '.join([*bound, *self.keywords])})"]
        for port in self.arguments.outputs:
            if "path=" in port.declared or "name=" in port.declared:
                lines.append(f"{self.node}.outputs.{port.name} = {port.declared}")
        return lines


@reads(TRAIN)
def read_training(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call that makes the steps of a training. Raises ValueError where it cannot be read."""
    given = use.argument("train_pipeline_parameters", position=8)
    made = to.maker(given)
    if given is not None and (made is None or made.symbol not in TRAINING):
        raise ValueError("the parameters of the training are made elsewhere")
    if made is None:
        settings = use.argument("automl_settings", position=4)
        if settings is None or not is_literal(settings, to):
            raise ValueError("the settings of AutoML have to be written out as a dict or an AutoMLConfig")
    name = TRAINING[made.symbol] if made is not None else TRAINING["ManyModelsTrainParameters"]
    step = _step(use, component, node, name, use.argument("train_data", position=1), to)
    if made is not None:
        step.parts.append(made.node)
    if name.startswith("automl_hts"):
        step.reviews.append("it has no output with explanations, which v1 had")
    make = to.need("azure.ai.ml", "Input")
    file = settings_file(made if made is not None else use, to)
    step.keywords.insert(0, f'automl_config={make}(type="uri_file", path="{file}")')
    if use.argument("train_env", position=10) is not None:
        step.reviews.append("the component has an environment of its own")
    return step


@reads(INFER)
def read_inference(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call that makes the steps of a forecast. Raises ValueError where it cannot be read."""
    given = use.argument("inference_pipeline_parameters", position=7)
    made = to.maker(given)
    if given is not None and (made is None or made.symbol not in INFERENCE):
        raise ValueError("the parameters of the forecast are made elsewhere")
    name = INFERENCE[made.symbol] if made is not None else INFERENCE["ManyModelsInferenceParameters"]
    step = _step(use, component, node, name, use.argument("inference_data", position=1), to)
    if made is not None:
        step.parts.append(made.node)
        _forecast(made, step, to)
    experiment = use.argument("train_experiment_name", position=10) or use.argument("experiment", position=0)
    if experiment is not None:
        step.keywords.append(f"training_experiment_name={to.source(experiment)}")
    run_id = use.argument("train_run_id", position=9)
    if run_id is not None:
        step.keywords.append(f"train_run_id={to.source(run_id)}")
    _output(use.argument("output_datastore", position=8), step, to)
    if use.argument("inference_env", position=11) is not None:
        step.reviews.append("the component has an environment of its own")
    return step


def _step(use: Use, component: str, node: str, name: str, data: ast.expr | None, to: Rewriter) -> RegistryStep:
    """What both calls have in common: data, nodes, processes, compute and the arguments of the script."""
    from amlbridge.migrate.rules.computes import compute_of

    positions = {"node_count": 3, "process_count_per_node": 6, "run_invocation_timeout": 7}
    if use.symbol == INFER:
        positions = {"node_count": 3, "process_count_per_node": 4, "run_invocation_timeout": 5}
    keywords = []
    for old, new, default in (
        ("node_count", "max_nodes", ""),
        ("process_count_per_node", "max_concurrency_per_node", "2"),
        ("run_invocation_timeout", "parallel_step_timeout_in_seconds", "3700"),
    ):
        value = use.argument(old, position=positions[old])
        if value is not None or default:
            keywords.append(f"{new}={to.source(value) if value is not None else default}")
    settings = Settings()
    compute = use.argument("compute_target", position=2)
    if compute is not None:
        settings.compute = compute_of(compute, to)
        keywords.append(f"compute_name={settings.compute}")
    port = _raw_data(data, to)
    step = RegistryStep(use, component, node, Arguments(inputs=[port]), settings, "", registered=name)
    step.keywords, step.default_compute = keywords, True
    step.reviews.append(_ASSUMED.format(name=name))
    if port.value and 'type="uri_folder"' not in port.value:
        step.reviews.append("give raw_data the folder that the files of the table are in")
    _options(use.argument("arguments"), step, to)
    return step


def _raw_data(node: ast.expr | None, to: Rewriter) -> Port:
    data = follow(node, to) if node is not None else None
    if data is None:
        raise ValueError("the data of the step cannot be told")
    if data.type in INTERMEDIATE:
        return Port("raw_data", "", source=data.root)
    return Port("raw_data", "", _folder(data, to) or input_code(data, to), source=data.root)


def _folder(data: Data, to: Rewriter) -> str | None:
    """The folder of the files that a table is made of, where the table is made in this module of one folder."""
    use: Use | None = to.use_of(data.root)
    while use is not None and use.symbol.endswith(".register") and use.receiver is not None:
        registered = follow(use.receiver, to)
        use = to.use_of(registered.root) if registered is not None else None
    path = use.argument("path", position=0) if use is not None and ".from_" in use.symbol else None
    if path is None or to.evaluator.type_of(path) not in REFERENCES:
        return None
    names = [part for part in ast.walk(path) if isinstance(part, ast.Name)]
    if any(len(to.evaluator.scopes.lookup(name.id, name)) != 1 for name in names):
        return None
    return to.source(path)


def _options(node: ast.expr | None, step: RegistryStep, to: Rewriter) -> None:
    """The arguments of the script that have become inputs of the component."""
    values: dict[str, list[ast.expr]] = {}
    name = ""
    for element in list_elements(node, to) if node is not None else []:
        text = to.evaluator.text(element)
        if text is not None and text.startswith("--"):
            name = text
            values[name] = []
        elif isinstance(element, ast.Starred) or not name:
            raise ValueError("the arguments of the step cannot be told")
        else:
            values[name].append(element)
    for option, given in values.items():
        if option not in _OPTIONS:
            step.reviews.append(f"the component has no input for the argument {option}")
        elif option == "--forecast_quantiles":
            step.keywords.append(f"forecast_quantiles={_joined(given, to)}")
        elif len(given) == 1:
            text = to.evaluator.text(given[0])
            code = text if text in ("True", "False") else to.source(given[0])
            step.keywords.append(f"{_OPTIONS[option]}={code}")


def _joined(values: list[ast.expr], to: Rewriter) -> str:
    """Values as one text with blanks between, as the components take lists."""
    if all(isinstance(value, ast.Constant) for value in values):
        return '"' + " ".join(str(value.value) for value in values if isinstance(value, ast.Constant)) + '"'
    return f'" ".join(map(str, [{", ".join(map(to.source, values))}]))'


def _forecast(made: Use, step: RegistryStep, to: Rewriter) -> None:
    """The settings of a forecast; a level of the hierarchy is a parameter of the pipeline, as in v1."""
    hierarchy = made.symbol == "HTSInferenceParameters"
    level = made.argument("hierarchy_forecast_level", position=0) if hierarchy else None
    if level is not None:
        step.parameters.append(f"hierarchy_forecast_level={to.source(level)}")
        step.keywords.append("forecast_level=hierarchy_forecast_level")
    method = made.argument("allocation_method", position=1) if hierarchy else None
    if method is not None:
        step.parameters.append(f"allocation_method={to.source(method)}")
        step.keywords.append("allocation_method=allocation_method")
    for old, new in (("forecast_mode", "forecast_mode"), ("step", "forecast_step"), ("forecast_step", "forecast_step")):
        value = made.argument(old)
        if value is not None:
            step.keywords.append(f"{new}={to.source(value)}")
    quantiles = made.argument("forecast_quantiles")
    if quantiles is not None:
        step.keywords.append(f'forecast_quantiles=" ".join(map(str, {to.source(quantiles)}))')


def _output(node: ast.expr | None, step: RegistryStep, to: Rewriter) -> None:
    """Where the forecast goes: a place in a datastore, or data that the pipeline writes."""
    name, output = _NAMED[step.registered], _PREDICTIONS[step.registered]
    data = follow(node, to) if node is not None else None
    if data is not None and data.type in INTERMEDIATE:
        name = data_name(data, to)
        port = output_port(data, "", step.arguments, to)
        port.name = output
        if output == "raw_predictions":
            port.declared = port.declared.replace('"uri_folder"', '"uri_file"')
    step.results[name] = output
