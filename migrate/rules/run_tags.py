"""Tags and properties of a run become tags of MLflow.

MLflow has no properties that cannot be changed; they become tags. Tags are read from the server each time, as the run's
object does not follow changes. Names that MLflow does not allow get ``_`` for the characters in question.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.inside import client_call, of_other_run, run_id
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.run_metrics import allowed_name, loop_names, named, quoted

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\n"

rule = Rule(
    "run-tags",
    __doc__,
    cases=[
        Case(
            _HEAD + 'run.tag("kind", "trial")\nrun.set_tags({"a": "1"})\nrun.add_properties({"build": "7"})\n',
            'import mlflow\n\nmlflow.set_tag("kind", "trial")\nmlflow.set_tags({"a": "1"})\n'
            'mlflow.set_tags({"build": "7"})\n',
        ),
        Case(
            _HEAD + 'print(run.get_tags()["a"])\nrun.parent.tag("dataset_id", value=dataset)\n',
            "import mlflow\nfrom mlflow import MlflowClient\n\nrun = mlflow.active_run() or mlflow.start_run()\n"
            'print(mlflow.get_run(run.info.run_id).data.tags["a"])\n'
            'MlflowClient().set_tag(run.data.tags["mlflow.parentRunId"], "dataset_id", dataset)\n',
            "Reading tags, and tags of the run above",
        ),
    ],
)

_PROPERTIES = "properties of a run are tags in MLflow"


@rule.converts("RunContext.tag")
def tag(use: Use, to: Rewriter) -> Outcome:
    """One tag."""
    key, value = use.argument("key", position=0), use.passed("value", position=1)
    if key is None:
        return Leave("the tag has no name")
    code = to.source(value) if value is not None else '""'
    name, _, review = named(key, to)
    return Replace(client_call(use, to, "set_tag", name, code), review.replace("metric", "tag"))


@rule.converts("RunContext.set_tags", "RunContext.add_properties")
def set_tags(use: Use, to: Rewriter) -> Outcome:
    """Several tags."""
    tags = use.argument("tags", "properties", position=0)
    if tags is None:
        return Leave("the tags cannot be told")
    code, renamed = _with_allowed_names(tags, to)
    review = together([_PROPERTIES if use.symbol.endswith("add_properties") else "", renamed])
    if not of_other_run(use, to):
        return Replace(f"{to.need_module('mlflow')}.set_tags({code})", review)
    if not use.is_statement:
        return Leave("set each tag with MlflowClient().set_tag(run_id, key, value)")
    key, value = loop_names(use, to, "key", "value")
    call = client_call(use, to, "set_tag", key, value)
    return Statements(f"for {key}, {value} in {code}.items():\n    {call}", review)


def _with_allowed_names(tags: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The code of the tags, where a dict is written there with names that MLflow allows; and what to review."""
    code, wrong = to.source(tags), []
    for key in tags.keys if isinstance(tags, ast.Dict) else []:
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value != allowed_name(key.value):
            written, name = to.source(key), allowed_name(key.value)
            if code.count(written) == 1:
                code = code.replace(written, quoted(name))
                wrong.append(f"MLflow does not allow the tag's name {key.value!r}: it is {name!r} now")
    return code, together(wrong)


@rule.converts("RunContext.remove_tags")
def remove_tags(use: Use, to: Rewriter) -> Outcome:
    """Removes tags."""
    tags = use.argument("tags", position=0)
    if tags is None or not use.is_statement:
        return Leave("remove each tag with mlflow.delete_tag(key)")
    (key,) = loop_names(use, to, "key")
    return Statements(f"for {key} in {to.source(tags)}:\n    {client_call(use, to, 'delete_tag', key)}")


@rule.converts("RunContext.tags", "RunContext.get_tags", "RunContext.properties", "RunContext.get_properties")
def read(use: Use, to: Rewriter) -> Outcome:
    """The tags as they are now."""
    assert use.receiver is not None
    review = _PROPERTIES if "properties" in use.symbol else ""
    return Replace(f"{to.need_module('mlflow')}.get_run({run_id(use.receiver, to)}).data.tags", review)
