"""The keys of dicts whose values are known only when the code runs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.analysis.shapes import Shape, shape_of
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.findings import Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.rules.support import convert


def _shape(code: str) -> Shape | None:
    """The shape of what the last statement hands on: ``use(**settings)``."""
    tree = ast.parse(code)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "use"]
    return shape_of(calls[-1].keywords[-1].value, Evaluator(tree))


def _keys(code: str) -> dict[str, bool] | None:
    """Key -> whether it is always there."""
    shape = _shape(code)
    return {key: key not in shape.optional for key in shape.parts} if shape is not None else None


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ("d = {'a': 1}\nif x:\n    d['b'] = 2\nuse(**d)", {"a": True, "b": False}),
        ("d = {'a': 1}\nif x:\n    d['a'] = 2\nuse(**d)", {"a": True}),
        ("if x:\n    d = {'a': 1}\nelse:\n    d = dict(a=2, b=3)\nuse(**d)", {"a": True, "b": False}),
        (
            "d = {'a': 1}\ne = {'b': 1} if x else {'b': 2, 'c': 3}\nd.update(e)\nuse(**d)",
            {"a": True, "b": True, "c": False},
        ),
        ("d = {'cpu': {'a': 1, 'b': 2}, 'gpu': {'a': 3}}\nuse(**d[kind])", {"a": True, "b": False}),
        ("d = {'cpu': {'a': 1, 'b': 2}, 'gpu': {'a': 3}}\nuse(**d['gpu'])", {"a": True}),
        ("def f():\n    return {'a': 1}\nd = f()\nuse(**d)", {"a": True}),
        ("def f(d):\n    use(**d)\nf({'a': 1})\nf({'a': 2, 'b': 3})", {"a": True, "b": False}),
        ("class A:\n    d = {'a': 1}\n    def f(self):\n        use(**self.d)", {"a": True}),
        ("d = {'a': 1}\ne = d.copy()\nuse(**e)", {"a": True}),
        ("d = {'a': 1}\nif x:\n    d.pop('a')\nuse(**d)", None),
        ("d = {'a': 1}\nif x:\n    d[name] = 2\nuse(**d)", None),
        ("d = read()\nuse(**d)", None),
        ("for d in ds:\n    use(**d)", None),
        ("def f(d):\n    use(**d)", None),
        ("class A:\n    d = {}\n    def f(self):\n        self.d['a'] = 1\n        use(**self.d)", None),
    ],
)
def test_the_keys_of_a_dict(code: str, keys: dict[str, bool] | None) -> None:
    assert _keys(code) == keys


_NAMES = st.sampled_from("abcd")


@given(st.lists(st.tuples(st.booleans(), _NAMES), max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_the_keys_are_those_of_the_program(changes: list[tuple[bool, str]], taken: list[bool]) -> None:
    lines = ["d = {'a': 0}"]
    for number, (branch, name) in enumerate(changes):
        lines += [f"if taken[{number}]:", f"    d['{name}'] = 1"] if branch else [f"d['{name}'] = 1"]
    found: dict[str, int] = {}
    code = "\n".join([*lines, "use(**d)"])
    exec(code, {"taken": taken, "use": lambda **given: found.update(given)})
    keys = _keys(code)
    assert keys is not None
    assert {key for key, always in keys.items() if always} <= found.keys() <= keys.keys()


_CLUSTER = """\
import json
import os

import yaml
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

"""


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("aml.yml", 'with open("aml.yml") as file:\n    config = yaml.safe_load(file)'),
        ("aml.json", 'config = json.load(open("aml.json"))'),
        ("aml.json", 'config = json.loads(open(os.path.join(os.path.dirname(__file__), "aml.json")).read())'),
        (
            "aml.json",
            "def settings(path):\n    with open(path) as file:\n        return json.load(file)\n\n\n"
            'config = settings("aml.json")',
        ),
    ],
)
def test_the_keys_of_a_file(tmp_path: Path, name: str, read: str) -> None:
    (tmp_path / name).write_text('{"cluster": {"vm_size": "STANDARD_D2_V2", "max_nodes": 2}}\n')
    (tmp_path / "jobs").mkdir()
    code = f"""\
{_CLUSTER}{read}
ws = Workspace.from_config()
cluster = AmlCompute.provisioning_configuration(**config["cluster"])
target = ComputeTarget.create(ws, "cpu", cluster)
"""
    (tmp_path / "jobs" / "main.py").write_text(code)
    (report,) = [report for report in run([tmp_path], Settings()) if report.path.name == "main.py"]
    text = (report.after or b"").decode()
    assert 'size=config["cluster"]["vm_size"],' in text
    assert 'max_instances=config["cluster"]["max_nodes"],' in text
    told = [finding for finding in report.findings if "the keys of" in finding.message]
    assert [finding.status for finding in told] == [Status.REVIEW]
    assert "config['cluster'] are assumed to be max_nodes, vm_size" in told[0].message


@pytest.mark.parametrize("content", ["[1]", "{", "cluster: 1", ""])
def test_a_file_without_such_keys(tmp_path: Path, content: str) -> None:
    (tmp_path / "aml.json").write_text(content)
    code = 'config = json.load(open("aml.json"))\nAmlCompute.provisioning_configuration(**config["cluster"])\n'
    (tmp_path / "main.py").write_text(_CLUSTER + code)
    (report,) = [report for report in run([tmp_path], Settings()) if report.path.name == "main.py"]
    assert {finding.status for finding in report.findings if "provisioning" in finding.symbol} == {Status.MANUAL}


def test_a_file_outside_of_the_run_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "aml.json").write_text('{"vm_size": "STANDARD_D2_V2"}')
    (tmp_path / "code").mkdir()
    code = 'config = json.load(open("../aml.json"))\nAmlCompute.provisioning_configuration(**config)\n'
    (tmp_path / "code" / "main.py").write_text(_CLUSTER + code)
    (report,) = run([tmp_path / "code"], Settings())
    assert Status.MANUAL in {finding.status for finding in report.findings}


def test_a_dict_that_branches_change() -> None:
    found = convert(
        """\
from azureml.core import Workspace

settings = {"auth": None}
if path:
    settings["path"] = path
ws = Workspace.from_config(**settings)
"""
    )
    assert 'path=settings.get("path")' in found.text


def test_an_object_that_may_be_missing_keeps_the_call() -> None:
    found = convert(
        """\
from azureml.core import Environment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
settings = {"script": "train.py"}
if cluster:
    settings["compute_target"] = ws.compute_targets["cpu"]
config = ScriptRunConfig("src", **settings)
"""
    )
    assert 'ScriptRunConfig("src", **settings)' in found.text
    assert 'settings["compute_target"] = ws.compute_targets["cpu"]' in found.text
