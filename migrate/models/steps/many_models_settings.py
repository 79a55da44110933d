"""The settings of a training of many models: an ``AutoMLConfig`` without data, as the YAML file of the component.

The file has the specification of a forecasting job of AutoML, and the columns that part the data. Source: the article
"Set up AutoML to train a time-series forecasting model" of SDK v2, and what azureml-train-automl-runtime reads.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.jobs.automl import AutoMLJob, read_settings
from amlbridge.migrate.rewriter import Rewriter

#: The call that makes the steps of a training.
TRAIN = "AutoMLPipelineBuilder.get_many_models_train_steps"
#: What gives a training its settings -> the component that trains.
TRAINING = {
    "ManyModelsTrainParameters": "automl_many_models_training",
    "HTSTrainParameters": "automl_hts_training",
}
#: Names of the settings of a forecast that the components' reader of the YAML file has from SDK v1.
_V1_NAMES = {
    "short_series_handling_config": "short_series_handling_configuration",
    "target_aggregate_function": "target_aggregation_function",
}


def settings_file(use: Use, to: Rewriter) -> str:
    """The name of the YAML file with the settings of a training."""
    key = "settings file", use.node
    if key not in to.memory:
        variable = Objects.of(to).variable(use.node) if use.symbol in TRAINING else only_reader(use, to)
        to.memory[key] = f"{variable.id if variable is not None else to.fresh('automl_settings')}.yml"
    return str(to.memory[key])


def only_reader(use: Use, to: Rewriter) -> ast.Name | None:
    """The variable with the settings that a call gets itself, if nothing else reads it: it goes."""
    given = use.argument("automl_settings", position=4)
    if isinstance(given, ast.Name) and Objects.of(to).reads(given.id) == [given]:
        bindings = to.evaluator.scopes.lookup(given.id, given)
        return given if len(bindings) == 1 and bindings[0].statement is not None else None
    return None


def is_literal(node: ast.expr, to: Rewriter) -> bool:
    """Whether settings are written out as a dict, or are an AutoMLConfig."""
    value = to.evaluator.value(node)
    if isinstance(value, Instance):
        return value.type == "AutoMLConfig"
    return isinstance(value, Code) and value.evaluator is to.evaluator and isinstance(value.node, ast.Dict)


def is_settings(use: Use, to: Rewriter) -> bool:
    """Whether an AutoMLConfig only holds the settings of a training of many models."""
    if use.call is None:
        return False
    places: list[ast.AST] = [use.node, *Objects.of(to).names(use.node)]
    return any(_inside(place, (*TRAINING, TRAIN), to) for place in places)


def holds_settings(use: Use, to: Rewriter) -> bool:
    """Whether ForecastingParameters only belong to such AutoMLConfigs."""
    if use.call is None:
        return False
    configs = [other for other in to.uses if other.symbol == "AutoMLConfig" and is_settings(other, to)]
    inside = {node for config in configs for node in ast.walk(config.node)}
    places: list[ast.AST] = [*Objects.of(to).names(use.node)] or [use.node]
    reads = [name for name in places if not isinstance(to.evaluator.scopes.parents.get(name), ast.Attribute)]
    return bool(configs) and all(name in inside for name in reads)


def _inside(node: ast.AST, symbols: tuple[str, ...], to: Rewriter) -> bool:
    around = (to.use_of(at) for at in to.evaluator.scopes.ancestors(node))
    return any(use is not None and use.symbol in symbols for use in around)


def settings_code(given: dict[str, ast.expr], use: Use, to: Rewriter) -> tuple[str, str]:
    """The dict that the YAML file of the settings is written from, and what to check of it. Raises ValueError for
    settings that such a file cannot have."""
    job = read_settings(given, use, to)
    if job.task != "forecasting":
        raise ValueError(f"the components for many models forecast: they have no {job.task}")
    if job.settings:
        raise ValueError("write the settings of featurization into the YAML file of the component by hand")
    entries = ['"type": "automl"', '"task": "forecasting"']
    forecasting = [_entry(code) for code in job.forecast]
    whole = ""
    training = [_entry(code) for code in job.training]
    for code in job.job:
        key, _, value = code.partition("=")
        if key == "forecasting_settings":
            whole = value
        elif key == "enable_model_explainability":
            training.append(_entry(code))
        elif key != "compute":
            entries.append(_entry(code))
    if whole and forecasting:
        forecasting.insert(0, f"**{whole}")
    elif whole:
        entries.append(f'"forecasting": {whole}')
    for name, parts in (
        ("forecasting", forecasting),
        ("limits", [_entry(code) for code in job.limits]),
        ("training", training),
    ):
        if parts:
            entries.append(f'"{name}": {{{", ".join(parts)}}}')
    if job.featurization:
        entries.append(f'"featurization": {{"mode": {job.featurization}}}')
    return f"{{{', '.join(entries)}}}", together(_checks(job))


def _entry(code: str) -> str:
    key, _, value = code.partition("=")
    return f'"{forecasting_name(key)}": {value}'


def _checks(job: AutoMLJob) -> list[str]:
    return [review for review in job.reviews if "machine of the client" not in review]


def forecasting_code(parts: list[str]) -> str:
    """ForecastingParameters as a part of such settings. ``parts``: "key=code" for each."""
    return f"{{{', '.join(map(_entry, parts))}}}"


def forecasting_name(name: str) -> str:
    """What the file calls a setting of a forecast."""
    return _V1_NAMES.get(name, name)


def opened(node: ast.expr, to: Rewriter) -> dict[str, ast.expr]:
    """The entries of a dict of settings. Raises ValueError for one that is not written out."""
    value = to.evaluator.value(node)
    if not (isinstance(value, Code) and isinstance(value.node, ast.Dict) and value.evaluator is to.evaluator):
        raise ValueError("the settings of AutoML are put together at run time")
    found: dict[str, ast.expr] = {}
    for key, item in zip(value.node.keys, value.node.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise ValueError("the settings of AutoML are put together at run time")
        found[key.value] = item
    return found
