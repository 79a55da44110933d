"""What the code that publishes pipelines knows of them: the component, and the defaults of parameters that are data.

SDK v1 kept these defaults with the published pipeline. A component of SDK v2 has no default for data, so whoever starts
it by a schedule has to name the data.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import follow, kind_of
from amlbridge.migrate.models.datasets.paths import datastore_name
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.module import DataParameter, Publication
from amlbridge.migrate.project.submissions import Reading
from amlbridge.migrate.rewriter import CannotWriteError, Rewriter
from amlbridge.migrate.rules.pipelines import data_defaults, outer_data

_PUBLISHING = ("Pipeline.publish", "PipelineEndpoint.publish")


def publications(reading: Reading) -> dict[str, Publication]:
    """The pipelines that a module publishes, by the name that it gives them. Nothing for a module that is no Python."""
    if ".publish(" not in reading.module.text:
        return {}
    to = reading.rewriter
    if to is None:
        return {}
    found = {}
    for use in to.uses:
        if use.symbol not in _PUBLISHING:
            continue
        name = use.argument("name", position=int(use.symbol == "PipelineEndpoint.publish"))
        text = to.evaluator.text(name) if name is not None else None
        try:
            publication = _publication(use, to)
        except (ValueError, CannotWriteError):
            continue  # the conversion of that module reports it
        if text is not None and publication is not None:
            found[text] = publication
    return found


def _publication(use: Use, to: Rewriter) -> Publication | None:
    made = _pipeline(use.receiver if use.symbol == "Pipeline.publish" else use.argument("pipeline", position=3), to)
    listed = made.argument("steps", position=1) if made is not None else None
    variable = Objects.of(to).variable(made.node) if made is not None else None
    if listed is None or variable is None:
        return None
    flow = Flow.of(to)
    steps = flow.closure(flow.listed(listed))
    defaults = data_defaults(steps, to)
    for port in outer_data(steps):
        if port.source is None:
            return None
        defaults[port.outer] = port.source
    return Publication(variable.id, tuple(_parameter(name, default, to) for name, default in defaults.items()))


def _pipeline(node: ast.expr | None, to: Rewriter) -> Use | None:
    """The call that made a pipeline, also one that has been published."""
    made = to.maker(node)
    if made is not None and made.symbol == "Pipeline.publish":
        return _pipeline(made.receiver, to)
    return made if made is not None and made.symbol == "Pipeline" else None


def _parameter(name: str, default: ast.expr, to: Rewriter) -> DataParameter:
    data = follow(default, to)
    if data is None:
        return DataParameter(name, "uri_folder")
    kind, made = kind_of(data, to), to.use_of(data.root)
    if made is None:
        return DataParameter(name, kind)
    if made.symbol in ("DataPath", "DataReference"):
        store, path = made.argument("datastore", position=0), made.argument("path_on_datastore", position=1)
        text = to.evaluator.text(path) if path is not None else None
        datastore, known = datastore_name(store, to) if store is not None else ("", False)
        return DataParameter(name, kind, datastore=datastore, path=(known and text) or "")
    given = None
    if made.symbols[-1] in ("Dataset.get_by_name", "Dataset.register"):
        given = made.argument("name", position=1)
    elif made.symbols[-1] == "Workspace.datasets[]" and isinstance(made.node, ast.Subscript):
        given = made.node.slice
    return DataParameter(name, kind, dataset=(to.evaluator.text(given) if given is not None else None) or "")
