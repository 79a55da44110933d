"""Details of a run that is MLflow's: what the dict of SDK v1 has under a key is an attribute of the run there."""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.entries import memberships, reads_of, reads_of_variable
from amlbridge.migrate.registry import Leave, Outcome, Replace
from amlbridge.migrate.rewriter import Rewriter

#: Key of the details -> what a run of MLflow has.
_ATTRIBUTES = {"properties": "data.tags", "runId": "info.run_id", "status": "info.status"}
_REVIEW = "the answer has another form"


def mlflow_details(use: Use, run: str, to: Rewriter, *, review: str = _REVIEW) -> Outcome:
    """The outcome of a use that asks for details: ``run`` is the code of the run of MLflow, whose attributes are read
    where code reads entries; it is a dictionary of MLflow's where nothing is read."""
    reads = [*reads_of(use.node, run, to), *reads_of_variable(use, to)]
    asked = list(memberships(use, run, to))
    keys = {key for _node, key, _owner in reads} | {one.key for one in asked}
    unknown = sorted(keys - set(_ATTRIBUTES))
    if unknown:
        return Leave(f"MLflow does not know {', '.join(unknown)} of a run: read its data and its artifacts")
    for one in asked:
        to.rename(one.node, f"{one.owner}.{_ATTRIBUTES[one.key]} is {'' if one.negated else 'not '}None")
    for node, key, owner in reads:
        to.rename(node, f"{owner}.{_ATTRIBUTES[key]}")
    return Replace(run if reads or asked else f"{run}.to_dictionary()", review)
