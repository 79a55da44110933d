"""``RunDetails(run).show()`` becomes ``ml_client.jobs.stream(run.name)``.

SDK v2 has no widgets: ``stream`` prints the link to the studio, which shows what the widget showed, and then the job's
log until the job has ended. A variable that held the widget holds the job.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.run_kinds import OF_MLFLOW
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.inside import is_inside
from amlbridge.migrate.module import CELL_MARK
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "widgets",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Experiment, Workspace
from azureml.widgets import RunDetails

ws = Workspace.from_config()
run = Experiment(ws, "train").submit(job)
RunDetails(run).show()
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
run = ml_client.jobs.create_or_update(job, experiment_name="train")
ml_client.jobs.stream(run.name)
""",
        ),
    ],
)


@rule.converts("RunDetails")
def run_details(use: Use, to: Rewriter) -> Outcome:
    """The widget is the job that it shows."""
    run = use.argument("run_instance", position=0)
    return Replace(to.source(run)) if run is not None else Leave("a run is needed")


@rule.converts("RunDetails.show", "RunDetails.get_widget_data")
def show(use: Use, to: Rewriter) -> Outcome:
    """Follows the job; unlike the widget it returns when the job has ended."""
    assert use.receiver is not None
    if _of_this_process(use, to):
        return Statements("", note=_INTERACTIVE) if use.is_statement else Leave(_INTERACTIVE)
    if _is_waited_for(use, to):
        return Statements("", note="the statement below follows the job until it has ended")
    review = "" if use.symbol.endswith("show") else "what the widget knew is on the job and its children"
    of_mlflow = to.evaluator.type_of(_shown(use, to)) == OF_MLFLOW
    name = f"{to.source(use.receiver)}.{'info.run_id' if of_mlflow else 'name'}"
    return Replace(f"{to.client(use.node)}.jobs.stream({name})", review)


def _is_waited_for(use: Use, to: Rewriter) -> bool:
    """Whether the next statement waits for the same run, in the same cell of a notebook."""
    block = to.evaluator.scopes.block(use.statement) or []
    below = block[block.index(use.statement) + 1 :] if use.statement in block and use.is_statement else []
    made = below[0].value if below and isinstance(below[0], ast.Expr) else None
    waiting = to.use_of(made) if made is not None else None
    if waiting is None or "Run.wait_for_completion" not in waiting.symbols or waiting.receiver is None:
        return False
    start, end = to.lines.span(use.statement)[1], to.lines.span(waiting.statement)[0]
    same = to.source(waiting.receiver) == to.source(use.receiver) if use.receiver is not None else False
    return same and CELL_MARK not in to.lines.text[start:end]


_INTERACTIVE = "the run is logged by this process itself: watch it in the studio"


def _of_this_process(use: Use, to: Rewriter) -> bool:
    """Whether the widget shows a run that this process logs to: it does not end while somebody waits for it."""
    return is_inside(to.evaluator.type_of(_shown(use, to)))


def _shown(use: Use, to: Rewriter) -> ast.expr | None:
    """The expression of the run that the widget of a use shows."""
    made = to.maker(use.receiver)
    return made.argument("run_instance", position=0) if made is not None and made.symbol == "RunDetails" else None
