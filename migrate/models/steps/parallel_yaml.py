"""The settings of ``ParallelRunConfig.load_yaml(workspace, path)``, where the file is there when the code is converted.

Source: what azureml-pipeline-core reads of such a file; other keys have no effect.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.files.yaml_text import load
from amlbridge.migrate.models.code.static import NotKnownError, Static, file_of
from amlbridge.migrate.rewriter import Rewriter

_ELSEWHERE = "the configuration of the parallel step is in a YAML file: write its settings here"
#: Settings that have the same name and form in the file.
_SAME = (
    *("entry_script", "error_threshold", "output_action", "node_count", "process_count_per_node", "source_directory"),
    *("description", "logging_level", "run_invocation_timeout", "run_max_try", "append_row_file_name"),
    *("allowed_failed_count", "allowed_failed_percent", "partition_keys", "environment_variables"),
)


def settings_of(use: Use, to: Rewriter) -> dict[str, ast.expr]:
    """What the file says, by the keyword of ParallelRunConfig, as code that a handler can write. Raises ValueError
    where the file is not there, or names what it needs in another way than by name."""
    key = ("parallel settings", use.node)
    if key not in to.memory:
        to.memory[key] = {name: _code(value, use, to) for name, value in _read(use, to).items()}
    found = to.memory[key]
    assert isinstance(found, dict)
    return found


def _read(use: Use, to: Rewriter) -> dict[str, object]:
    path = use.argument("path", position=1)
    try:
        file = file_of(Static(to, use.node).value(path), to) if path is not None else None
        content = load(file.read_text("utf-8")) if file is not None else None
    except (NotKnownError, OSError, UnicodeDecodeError) as error:
        raise ValueError(_ELSEWHERE) from error
    given = content.get("parallel_run_config") if isinstance(content, dict) else None
    if not isinstance(given, dict):
        raise ValueError(_ELSEWHERE)
    compute, environment = given.get("compute_target_name"), given.get("environment_name")
    if not isinstance(compute, str) or not isinstance(environment, str) or given.get("environment") is not None:
        raise ValueError(f"{_ELSEWHERE}: its compute and its environment are not named there")
    found = {name: given[name] for name in _SAME if given.get(name) is not None}
    if given.get("mini_batch_size") is not None:
        found["mini_batch_size"] = str(given["mini_batch_size"])
    # The prefix `azureml:` is for YAML: the client takes it off there, and looks for a name with it in code.
    return {**found, "compute_target": compute, "environment": f"{environment}@latest"}


def _code(value: object, use: Use, to: Rewriter) -> ast.expr:
    """A literal that is in no text: it is written where the component is made."""
    node = ast.parse(repr(value), mode="eval").body
    to.rename(ast.copy_location(node, use.node), repr(value))
    return node
