"""Values and uses are found through names, attributes, functions and collections."""

from __future__ import annotations

import ast
import textwrap

import pytest

from amlbridge.migrate.analysis.uses import find_uses
from amlbridge.migrate.analysis.values import Evaluator, Symbol


def symbols(text: str) -> list[str]:
    return [use.symbol for use in find_uses(Evaluator(ast.parse(textwrap.dedent(text))))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from azureml.core import Workspace as W\nW.from_config().name", ["Workspace.name", "Workspace.from_config"]),
        ("import azureml.core\nazureml.core.Workspace.get('x')", ["Workspace.get"]),
        ("import azureml.core as core\ncore.compute.AmlCompute", ["AmlCompute"]),
        ("from azureml.core import *\nws = Workspace.from_config()", ["Workspace.from_config"]),
        ("from azureml.core import Run\nrun = Run.get_context()\nrun.parent.log('a', 1)",
         ["Run.get_context", "ParentRun.log", "RunContext.parent"]),
        ("from azureml.core import Workspace\ndef f(ws):\n    return ws.datasets['x'].name\nf(Workspace.from_config())",
         ["Dataset.name", "Workspace.datasets[]", "Workspace.from_config"]),
        ("from azureml.core import Workspace\nWorkspace.from_config().datasets.get('x').as_named_input('y')",
         ["Dataset.as_named_input", "Workspace.datasets", "Workspace.from_config"]),
        ("from azureml.core import Environment\nenv = Environment('x')\nenv.docker.base_image = 'y'",
         ["Environment", "DockerSection.base_image="]),
        ("from azureml.core import Run\nclass A:\n    def __init__(self):\n        self.run = Run.get_context()\n"
         "    def go(self):\n        self.run.complete()", ["Run.get_context", "RunContext.complete"]),
        ("from azureml.mlflow import get_portal_url\nget_portal_url(1)", []),
        ("import azure.ai.ml\nazure.ai.ml.MLClient()", []),
    ],
)  # fmt: skip
def test_uses_have_canonical_symbols(text: str, expected: list[str]) -> None:
    assert symbols(text) == expected


def test_a_variable_of_one_branch_is_not_that_of_the_other() -> None:
    text = """\
from azureml.core import Dataset
if old:
    data = Dataset.get_by_name(ws, 'x')
else:
    data = Data(path='x')
    print(data.path)
print(data.name)
"""
    assert symbols(text) == ["Dataset.get_by_name", "Dataset.name"]


def test_a_literal_dict_behind_two_stars_is_opened() -> None:
    text = "from azureml.core import Experiment\nsettings = {'workspace': 1, 'name': 'x'}\nExperiment(**settings)"
    (use,) = find_uses(Evaluator(ast.parse(text)))
    name = use.argument("name", position=1)
    assert isinstance(name, ast.Constant) and name.value == "x"


def test_annotations_and_defaults_do_not_see_the_names_inside_of_the_function() -> None:
    tree = ast.parse(
        """\
from azureml.core import Run, model
run = Run.get_context()
def register(given: model.Model = run) -> model.Model:
    model = run = 1
    return given
"""
    )
    evaluator = Evaluator(tree)
    function = tree.body[2]
    assert isinstance(function, ast.FunctionDef) and function.returns is not None
    assert evaluator.value(function.returns) == Symbol("Model")
    assert evaluator.type_of(function.args.defaults[0]) == "RunContext"


def test_a_call_of_an_imported_class_is_none_of_a_function_of_the_same_name() -> None:
    for text in (
        "def deploy(name, model):\n    Model.deploy(ws, name, [model], inference, config)\n",
        "class A:\n    def deploy(self, name, model):\n        Model.deploy(ws, name, [model], inference, config)\n",
    ):
        tree = ast.parse(f"from azureml.core import Model, Workspace\nws = Workspace.from_config()\n{text}")
        evaluator = Evaluator(tree)
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "name"]
        assert [evaluator.type_of(name) for name in names] == [None]


@pytest.mark.parametrize(("manager", "known"), [("open('x')", False), ("contextlib.suppress(KeyError)", True)])
def test_what_a_with_block_assigns_is_what_is_there_below(manager: str, known: bool) -> None:
    code = (
        "import contextlib\nfrom azureml.core import Workspace\n\nws = Workspace.from_config()\n"
        f"with {manager} as file:\n    ws = read(file)\nws.name\n"
    )
    tree = ast.parse(code)
    evaluator = Evaluator(tree)
    read = tree.body[-1].value.value  # type: ignore[attr-defined]
    assert (evaluator.type_of(read) == "Workspace") is known


def test_a_datastore_that_has_an_id_is_one_of_sdk_v2() -> None:
    code = (
        "from azureml.core import Workspace\n\nws = Workspace.from_config()\nstore = ws.datastores.get('a')\nstore.id\n"
    )
    symbols = {use.symbol for use in find_uses(Evaluator(ast.parse(code)))}
    assert "Workspace.from_config" in symbols and "Datastore.id" not in symbols
