"""Where a step writes: v1's placeholders in all ways to write them."""

from __future__ import annotations

import ast

import pytest

from tests.migrate.rules.support import convert


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("", "'ann/{run-id}/{output-name}'"),
        ("", "user + '/{run-id}/{output-name}'"),
        ("", 'user + "/{run-id}/{output-name}"'),
        ("", "f'{user}/{{run-id}}/{{output-name}}'"),
        ("", "'{}/{{run-id}}/{{output-name}}'.format(user)"),
        ("place = user + '/{run-id}/{output-name}'\n", "place"),
        ("place = f'{user}/{{run-id}}/{{output-name}}'\n", "place"),
        ("place = 'ann/{run-id}/{output-name}'\n", "place"),
    ],
)
@pytest.mark.parametrize("store", ["ws.get_default_datastore()", 'ws.datastores["raw"]', "ws.datastores[user]"])
def test_the_placeholders_of_a_destination_are_those_of_sdk_v2(before: str, written: str, store: str) -> None:
    """What SDK v2 gets when the code has run: a literal {run-id} would be one folder for all runs."""
    text = convert(
        "from azureml.core import Workspace\n"
        "from azureml.data import OutputFileDatasetConfig\n"
        "from azureml.pipeline.core import Pipeline\n"
        "from azureml.pipeline.steps import PythonScriptStep\n\n"
        f"ws = Workspace.from_config()\nstore = {store}\nuser = input()\n{before}"
        f"out = OutputFileDatasetConfig(name='out', destination=(store, {written}))\n"
        "step = PythonScriptStep('score.py', arguments=['--out', out], runconfig=env, compute_target='cpu')\n"
        "pipeline = Pipeline(ws, steps=[step])\n"
    ).text
    keywords = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.keyword)]
    code = next(keyword.value for keyword in keywords if keyword.arg == "path")

    class Raw:
        name = "raw"

    place = "ann/{run-id}/{output-name}"
    address = eval(ast.unparse(code), {"user": "ann", "place": place, "store": Raw})
    assert address.partition("/paths/")[2] == "ann/${{name}}/${{output_name}}"
