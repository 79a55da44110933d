"""``ModelDataCollector`` of scoring scripts becomes ``Collector`` of azureml-ai-monitoring.

A scoring script collects what a model is asked and what it answers. In SDK v2 that is done by the package
azureml-ai-monitoring: a ``Collector`` has a name, and takes pandas DataFrames. The deployment says with
``data_collector=DataCollector(collections=...)`` which names are kept; ``model_inputs`` and ``model_outputs`` are those
that model monitoring knows. Where collecting is switched off, the collector of SDK v1 did nothing; that of v2 raises
unless it is told where its errors go.

Source: the v2 documentation of collecting production data from models.
"""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import called_name

rule = Rule(
    "data-collectors",
    __doc__,
    cases=[
        Case(
            """\
import json

import pandas as pd
from azureml.monitoring import ModelDataCollector


def init():
    global inputs, outputs
    inputs = ModelDataCollector("ridge", designation="inputs", feature_names=["age", "size"])
    outputs = ModelDataCollector("ridge", designation="predictions", feature_names=["price"])


def run(raw):
    data = pd.DataFrame(json.loads(raw)["data"], columns=["age", "size"])
    answer = data["age"] * 2
    inputs.collect(data)
    outputs.collect(answer)
    return answer.tolist()
""",
            """\
import json

import pandas as pd
import logging
from azureml.ai.monitoring import Collector


def init():
    global inputs, outputs
    inputs = Collector(name="model_inputs", on_error=logging.warning)
    outputs = Collector(name="model_outputs", on_error=logging.warning)


def run(raw):
    data = pd.DataFrame(json.loads(raw)["data"], columns=["age", "size"])
    answer = data["age"] * 2
    inputs.collect(data)
    outputs.collect(pd.DataFrame(answer))
    return answer.tolist()
""",
        )
    ],
)

#: What data were called -> the name that model monitoring knows.
_NAMES = {
    "inputs": "model_inputs",
    "input": "model_inputs",
    "predictions": "model_outputs",
    "prediction": "model_outputs",
    "outputs": "model_outputs",
    "output": "model_outputs",
}
_DEFAULT = "model_data"
_DEPLOYMENT = "the deployment needs data_collector=DataCollector(collections={name: DeploymentCollection(enabled=...)})"
_FRAME = "collectors of SDK v2 take a DataFrame: name its columns where the data have no names of their own"
#: What gives a DataFrame, beside everything that begins with ``read_``.
_FRAMES = frozenset({"DataFrame", "from_dict", "from_records", "json_normalize", "get_dummies", "concat"})


@rule.converts("ModelDataCollector")
def collector(use: Use, to: Rewriter) -> Outcome:
    """A collector of the name that the data have."""
    kind = to.need("azureml.ai.monitoring", "Collector")
    if use.call is None:
        return Replace(kind)
    data = use.passed("designation", "identifier", position=1)
    if data is None:
        name = f'"{_DEFAULT}"'
    elif (text := to.evaluator.text(data)) is not None:
        name = f'"{_NAMES.get(text.lower()) or re.sub("[^A-Za-z0-9_]+", "_", text)}"'
    else:
        name = to.source(data)
    return Replace(f"{kind}(name={name}, on_error={to.need_module('logging')}.warning)", _DEPLOYMENT)


@rule.converts("ModelDataCollector.collect")
def collect(use: Use, to: Rewriter) -> Outcome:
    """The data as a DataFrame."""
    data = use.argument("input_data", position=0) if use.call is not None else None
    if data is None or use.receiver is None:
        return Leave("give Collector.collect a pandas DataFrame")
    known = _is_frame(data, to)
    frame = to.source(data) if known else f"{to.need_module('pandas')}.DataFrame({to.source(data)})"
    return Replace(f"{to.source(use.receiver)}.collect({frame})", "" if known else _FRAME)


def _is_frame(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression, or all that its variable is set to, is a call that gives a DataFrame."""
    if isinstance(node, ast.Call):
        called = called_name(node)
        return called in _FRAMES or called.startswith("read_")
    bound = to.evaluator.scopes.bindings_of(node)
    return bool(bound) and all(
        isinstance(binding.value, ast.Call) and _is_frame(binding.value, to) for binding in bound
    )
