"""``OnnxInferenceHelper`` of AutoML: a model in the format ONNX runs in a session of onnxruntime, as before.

The inputs of such a model are the columns of the table, by name. The session is given each as an array of the type that
it declares.

Source: the documentation of AutoML's ONNX models, and the public API of onnxruntime.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.above import above

rule = Rule(
    "automl-onnx",
    __doc__,
    cases=[
        Case(
            """\
from azureml.automl.runtime.onnx_convert import OnnxInferenceHelper

helper = OnnxInferenceHelper(model_bytes, resource)
predicted, probabilities = helper.predict(rows)
""",
            """\
import onnxruntime

helper = onnxruntime.InferenceSession(model_bytes)
onnx_types = {
    "tensor(string)": str,
    "tensor(int64)": "int64",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
}
predicted, probabilities = helper.run(
    None,
    {
        column.name: rows[[column.name]].to_numpy(onnx_types[column.type])
        for column in helper.get_inputs()
    },
)
""",
        )
    ],
)

_REVIEW = "assumed that the inputs of the model have the names of the columns; the environment needs onnxruntime"
_RESULTS = f"{_REVIEW}; probabilities are as the model has them, maybe a dict for each row; a regression model has none"
#: Type of an input of a model -> that of an array. Source: the documentation of onnxruntime.
_TYPES = '{"tensor(string)": str, "tensor(int64)": "int64", "tensor(float)": "float32", "tensor(double)": "float64"}'


@rule.converts("OnnxInferenceHelper")
def helper(use: Use, to: Rewriter) -> Outcome:
    """A session; the file with the columns is not needed."""
    model = use.argument("onnx_model_bytes", "onnx_model", position=0) if use.call is not None else None
    if model is None:
        return Leave("run the model with onnxruntime.InferenceSession(model_bytes)")
    return Replace(f"{to.need_module('onnxruntime')}.InferenceSession({to.source(model)})", _REVIEW)


@rule.converts("OnnxInferenceHelper.predict")
def predict(use: Use, to: Rewriter) -> Outcome:
    """What the session gives: the classes or numbers, and the probabilities of classes."""
    rows = use.argument("X", position=0) if use.call is not None else None
    if rows is None or not isinstance(use.receiver, ast.Name):
        return Leave("give the session a dict of arrays: session.run(None, {input.name: ... for each of get_inputs()})")
    table, session, types = to.source(rows), to.source(use.receiver), to.fresh("onnx_types")
    if not isinstance(rows, ast.Name):
        table = to.fresh("rows")
        above(use, to, f"{table} = {to.source(rows)}")
    above(use, to, f"{types} = {_TYPES}")
    arrays = f"column.name: {table}[[column.name]].to_numpy({types}[column.type]) for column in {session}.get_inputs()"
    statement = use.statement
    pair = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
    found = f"{session}.run(None, {{{arrays}}})"
    if not _wants_probabilities(use):
        found += "[0]" if not pair else ""
    return Replace(found, _RESULTS if _wants_probabilities(use) else _REVIEW)


def _wants_probabilities(use: Use) -> bool:
    asked = use.argument("with_prob", position=1)
    return not (isinstance(asked, ast.Constant) and asked.value is False)
