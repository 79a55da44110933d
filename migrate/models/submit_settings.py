"""What a submission of SDK v1 says beside what runs: settings and the name of the job in SDK v2."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

#: Keyword of ``submit`` -> setting of a pipeline job; both are false when nothing is said.
_SETTINGS = {"regenerate_outputs": "force_rerun", "continue_on_step_failure": "continue_on_step_failure"}


def with_settings(job: str, use: Use, to: Rewriter) -> str:
    """The code of a job that is submitted, ``job``: a variable, where the job needs settings or the id of its run."""
    given = {f"settings.{new}": use.argument(old) for old, new in _SETTINGS.items()} | {"name": use.argument("run_id")}
    settings = {name: node for name, node in given.items() if node is not None and not _is_false(node)}
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
    said = [name for name in ("tags", *_SETTINGS) if (node := use.argument(name)) is not None and not _is_false(node)]
    if not said:
        return ""
    return f"an invocation has no {', '.join(said)}: give them to the deployment's settings, and tags to the job"


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
