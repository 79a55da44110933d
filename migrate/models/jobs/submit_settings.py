"""What a submission of SDK v1 says beside what runs: settings, the name of the job, and that it waits."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_false, is_none
from amlbridge.migrate.analysis.symbols import SUBMITTED
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.module import CELL_MARK
from amlbridge.migrate.registry import Leave, Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import only_target

#: Keyword of ``submit`` -> setting of a pipeline job; both are false when nothing is said.
_SETTINGS = {"regenerate_outputs": "force_rerun", "continue_on_step_failure": "continue_on_step_failure"}
#: What follows a job to its end already, below the statement that submits it.
_WAITING = frozenset({"Run.wait_for_completion", "RunDetails.show"})


def with_settings(job: str, use: Use, to: Rewriter) -> str:
    """The code of a job that is submitted, ``job``: a variable, where the job needs settings or the id of its run."""
    given = {f"settings.{new}": use.argument(old) for old, new in _SETTINGS.items()} | {"name": use.argument("run_id")}
    settings = {name: node for name, node in given.items() if node is not None and not is_false(node)}
    if not settings:
        return job
    variable, lines = job, []
    if not job.isidentifier():
        variable = to.fresh("job" if set(settings) == {"name"} else "pipeline_job")
        lines = [f"{variable} = {job}"]
    lines += [f"{variable}.{name} = {to.source(node)}" for name, node in settings.items()]
    to.before(use.statement, "\n".join(lines))
    return variable


def lost_settings(use: Use) -> str:
    """What to check where an endpoint runs the pipeline, which has its own settings; "" when nothing is said."""
    said = [name for name in ("tags", *_SETTINGS) if (node := use.argument(name)) is not None and not is_false(node)]
    if not said:
        return ""
    return f"an invocation has no {', '.join(said)}: give them to the deployment's settings, and tags to the job"


def followed(submitted: str, review: str, use: Use, to: Rewriter) -> Outcome:
    """The submission ``submitted``, and below it what waits for the job where SDK v1 waited: ``show_output`` of AutoML
    returns when the search has ended, and so does a search in the process of the client."""
    condition = _waits(use, to)
    if condition is None or _is_waited_for_below(use, to):
        return Replace(submitted, review)
    statement, client = use.statement, to.client(use.node)
    alone = isinstance(statement, (ast.Assign, ast.Expr, ast.Return)) and statement.value is use.node
    target = only_target(statement)
    if alone and isinstance(target, (ast.Name, ast.Attribute)):
        to.after(statement, _following(condition, client, to.source(target)))
        return Replace(submitted, review)
    if alone and not isinstance(statement, ast.Assign):
        run = to.fresh("run")
        lines = [f"{run} = {submitted}", _following(condition, client, run)]
        lines += [f"return {run}"] if isinstance(statement, ast.Return) else []
        return Statements("\n".join(lines), review)
    return Leave("AutoML's show_output waits for the search: follow the job with ml_client.jobs.stream(name)")


def _following(condition: str, client: str, run: str) -> str:
    line = f"{client}.jobs.stream({run}.name)"
    return f"if {condition}:\n    {line}" if condition else line


def _waits(use: Use, to: Rewriter) -> str | None:
    """Under which condition the submission waits, "" for always; None when it does not."""
    config = use.argument("config", position=0)
    kind = to.evaluator.type_of(config) if config is not None else None
    if kind is not None and SUBMITTED.get(kind) != "AutoMLRun":
        return None
    shown = use.argument("show_output")
    if shown is not None and not isinstance(shown, ast.Constant):
        return to.source(shown)
    if shown is not None and not is_false(shown):
        return ""
    return "" if kind == "AutoMLConfig" and config is not None and _is_of_the_process(config, to) else None


def _is_of_the_process(config: ast.expr, to: Rewriter) -> bool:
    """Whether an AutoMLConfig names no compute at all: SDK v1 searches in the process of the client then."""
    made = to.maker(config)
    if made is None or made.call is None:
        return False
    try:
        computes = [made.argument(name) for name in ("compute_target", "run_configuration", "spark_context")]
    except ValueError:
        return False
    return all(is_none(compute) for compute in computes)


def _is_waited_for_below(use: Use, to: Rewriter) -> bool:
    """Whether the next statement, in the same cell of a notebook, follows the job."""
    block = to.evaluator.scopes.block(use.statement) or []
    index = block.index(use.statement) + 1 if use.statement in block else len(block)
    below = block[index].value if block[index:] and isinstance(block[index], ast.Expr) else None  # type: ignore[attr-defined]
    waiting = to.use_of(below) if below is not None else None
    if waiting is None or not _WAITING.intersection(waiting.symbols) or not isinstance(use.statement, ast.Assign):
        return False
    made = {ast.unparse(target) for target in use.statement.targets}
    if not any(isinstance(part, ast.expr) and ast.unparse(part) in made for part in ast.walk(waiting.node)):
        return False
    return CELL_MARK not in to.lines.text[to.lines.span(use.statement)[1] : to.lines.span(waiting.statement)[0]]
