"""What the code that submits a run script knows of its inputs."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping
from functools import cached_property

from amlbridge.migrate.analysis.surroundings import Surroundings
from amlbridge.migrate.analysis.uses import Use, find_uses
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.ignores import Ignores
from amlbridge.migrate.models.datasets.data import DATASETS, follow, kind_of
from amlbridge.migrate.models.datasets.datastore_uploads import is_asset
from amlbridge.migrate.models.datasets.paths import UPLOADS, only_file, upload_name, upload_target
from amlbridge.migrate.models.jobs.arguments import Port, list_elements, read_arguments
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.module import ModuleText, NamedInput, Options
from amlbridge.migrate.rewriter import Attempt, CannotWriteError, Rewriter
from amlbridge.migrate.text.edits import Lines
from amlbridge.migrate.text.trees import parse_python

#: Modules without these words give no script an input by name.
WORDS = ("as_named_input", "as_input(", "parse_delimited_files", "parse_parquet_files", "DatasetConsumptionConfig")

_SCRIPT_RUNS = ("ScriptRunConfig", "Estimator", "PyTorch", "TensorFlow", "SKLearn")


def reader(module: ModuleText, around: Surroundings) -> Rewriter | None:
    """What is asked about the uses of a module that is not converted now; None for one that is no Python."""
    tree = parse_python(module.text)
    if tree is None:
        return None
    evaluator = Evaluator(tree, around)
    return Rewriter(Lines(module.text), evaluator, find_uses(evaluator), Options(), Attempt())


class Reading:
    """A module that several ask about before anything is converted: it is read once, by the first who has to."""

    def __init__(self, module: ModuleText, around: Surroundings) -> None:
        self.module = module
        self._around = around

    @cached_property
    def rewriter(self) -> Rewriter | None:
        """What is asked about its uses; None for a module that is no Python."""
        return reader(self.module, self._around)


def submitted_scripts(reading: Reading) -> dict[str, dict[str, NamedInput]]:
    """The scripts that a module submits, by their path as far as it is known ("steps/prepare.py"; with "/"), and their
    inputs by name. Nothing for a module that is no Python."""
    if not any(word in reading.module.text for word in WORDS):
        return {}
    to = reading.rewriter
    if to is None:
        return {}
    found: dict[str, dict[str, NamedInput]] = {}
    for step in Flow.of(to).steps.values():
        _add(found, step.use, step.arguments.inputs, to)
    for use in to.uses:
        if use.symbol in _SCRIPT_RUNS and use.call is not None:
            try:
                passed = use.argument("arguments", position=2)
                listed = use.argument("inputs")
                ports = read_arguments(list_elements(passed, to) if passed is not None else [], [], to)
                for element in list_elements(listed, to) if listed is not None else []:
                    if not isinstance(element, ast.Starred) and follow(element, to) is not None:
                        read_arguments([element], [], to)
                        ports.inputs += read_arguments([element], [], to).inputs
            except (ValueError, CannotWriteError):
                continue  # the conversion of that module reports it
            _add(found, use, ports.inputs, to)
    return found


def upload_targets(reading: Reading) -> dict[str, str]:
    """The targets of a module's uploads to datastores that become data assets, and the names of these; for an upload
    of one file, its own path before that of its folder."""
    if ".upload" not in reading.module.text:
        return {}
    to = reading.rewriter
    found, ignores = {}, Ignores.of(reading.module.text)
    for use in to.uses if to is not None else []:
        if to is None or use.call is None or use.symbols[-1] not in UPLOADS:
            continue
        if ignores.covers(use.call.lineno, use.call.end_lineno or use.call.lineno, "datastores"):
            continue  # it stays what it is, an upload to a path
        try:
            target = upload_target(use, to) if is_asset(use, to) else None
            file = only_file(use, to)
        except (ValueError, CannotWriteError):
            continue  # the conversion of that module reports it
        path = to.evaluator.text(target) if target is not None else None
        if path is not None:
            if file:
                found[f"{path.strip('/')}/{file}"] = upload_name(path)
            found[path.strip("/")] = upload_name(path)
    return found


def script_given(use: Use, to: Rewriter) -> str | None:
    """The path of the script that a use submits, as far as it is known; None for one that submits none."""
    if use.call is None or not (use.symbol in _SCRIPT_RUNS or use.symbol.endswith("Step")):
        return None
    script = use.argument("script_name", "script", "entry_script", position=0 if use.symbol.endswith("Step") else 1)
    text = to.evaluator.text(script) if script is not None else None
    folder = use.argument("source_directory", position=None if use.symbol.endswith("Step") else 0)
    where = (to.evaluator.text(folder) if folder is not None else "") or _last_part(folder, to)
    # Windows writes it with backslashes.
    return posixpath.normpath(posixpath.join(where, text).replace("\\", "/")) if text is not None else None


def _add(found: dict[str, dict[str, NamedInput]], use: Use, ports: list[Port], to: Rewriter) -> None:
    path = script_given(use, to)
    # A script that finds a dataset by the id in an option does not ask for the name.
    asked = {port.given or port.option: port for port in ports if port.given or port.option}
    inputs = {name: NamedInput(_kind(port, to), port.option, port.name) for name, port in asked.items()}
    if path is not None and inputs:
        join_inputs(found.setdefault(path, {}), inputs)


def join_inputs(known: dict[str, NamedInput], more: Mapping[str, NamedInput]) -> None:
    """Adds what other code gives a script: of an input that both give, what both say."""
    for name, given in more.items():
        known[name] = known[name].beside(given) if name in known else given


def _kind(port: Port, to: Rewriter) -> str:
    declared = next((kind for kind in ("uri_file", "mltable") if f'type="{kind}"' in port.declared), "")
    if declared:  # what the component says is what the script gets
        return declared
    data = follow(port.source, to) if port.source is not None else None
    return kind_of(data, to) if data is not None and data.type in DATASETS else "uri_folder"


def _last_part(node: ast.expr | None, to: Rewriter) -> str:
    """The literal end of ``os.path.join(HERE, "steps")``."""
    value = to.evaluator.value(node) if node is not None else None
    inner = getattr(value, "node", node)
    if isinstance(inner, ast.Call) and len(inner.args) > 1:
        texts = [to.evaluator.text(argument) for argument in inner.args]
        known: list[str] = []
        for text in reversed(texts):
            if text is None:
                break
            known.insert(0, text)
        return posixpath.join(*known) if known else ""
    return ""
