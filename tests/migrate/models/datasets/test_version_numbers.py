"""Versions that are asked for: get of SDK v2 takes a version or a label, and None of SDK v1 was the latest one."""

from __future__ import annotations

import ast

import pytest

from tests.migrate.rules.support import convert

_HEAD = """\
import argparse
import os

from azureml.core import Dataset, Environment, Model, Workspace

parser = argparse.ArgumentParser()
parser.add_argument("--version")
parser.add_argument("--given", required=True)
parser.add_argument("--three", default=3)
args = parser.parse_args()
ws = Workspace.from_config()


def find(none=None, word="latest", number=1, *, late=None):
    return {}
"""
_LATEST = "label='latest'"
_OR_LATEST = "label=None if {0} else 'latest'"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Model(ws, 'm', version=None)", f"models.get('m', {_LATEST})"),
        ("Model(ws, 'm', version=2)", "models.get('m', version='2')"),
        ("Model(ws, 'm', version=number)", "models.get('m', version=str(number))"),
        ("Model(ws, 'm', version=none)", f"models.get('m', version=str(none) if none else None, {_OR_LATEST})"),
        ("Model(ws, 'm', version=late)", f"models.get('m', version=str(late) if late else None, {_OR_LATEST})"),
        ("Model(ws, 'm', version=args.given)", "models.get('m', version=str(args.given))"),
        ("Model(ws, 'm', version=args.three)", "models.get('m', version=str(args.three))"),
        (
            "Model(ws, 'm', version=args.version)",
            f"models.get('m', version=str(args.version) if args.version else None, {_OR_LATEST})",
        ),
        ("Environment.get(ws, 'e', none)", f"environments.get('e', version=none, {_OR_LATEST})"),
        ("Environment.get(ws, 'e', version=None)", f"environments.get('e', {_LATEST})"),
        ("Environment.get(ws, 'e', label='Latest')", f"environments.get('e', {_LATEST})"),
        ("Dataset.get_by_name(ws, 'd', None)", f"data.get('d', {_LATEST})"),
        (
            "Dataset.get_by_name(ws, 'd', version=word)",
            "data.get('d', version=None if word == 'latest' else str(word), "
            "label='latest' if word == 'latest' else None)",
        ),
        ("Dataset.get_by_name(ws, 'd', 3)", "data.get('d', version='3')"),
    ],
)
def test_what_a_version_becomes(before: str, after: str) -> None:
    text = ast.unparse(ast.parse(convert(_HEAD.format(before)).text))
    asked = before.rpartition("=")[2].rpartition(", ")[2].rstrip(")")
    assert text.endswith(f"return ml_client.{after.format(asked)}")


def test_a_version_from_the_environment() -> None:
    text = convert(_HEAD.format("Model(ws, 'm', version=chosen)") + "\nchosen = os.environ.get('VERSION')\n").text
    assert 'label=None if chosen else "latest"' in text


def test_the_path_of_the_latest_model() -> None:
    text = convert(_HEAD.format("Model.get_model_path('m', version=None, _workspace=ws)")).text
    assert 'ml_client.models.get("m", label="latest")' in text or "label='latest'" in text


@pytest.mark.parametrize(
    ("version", "condition"), [("2", "model.version == '2'"), ("none", "(none is None or model.version == str(none))")]
)
def test_versions_are_compared_as_texts(version: str, condition: str) -> None:
    text = convert(_HEAD.format(f"Model(ws, 'm', version={version}, tags=['a'])")).text
    assert f"'a' in model.tags and {condition}" in ast.unparse(ast.parse(text))


ORDERED = """\
versions = [m.version for m in Model.list(ws, name="m")]
pairs = [(m.name, m.version) for m in Model.list(ws)]
pairs.sort(key=lambda pair: pair[1])
seen = []
latest = 0
for m in Model.list(ws, name="m"):
    seen.append(m.version)
    if m.version > latest:
        latest = m.version
print(max(versions), sorted(seen)[0], m.version)
"""


def test_versions_that_are_kept_and_ordered_later_are_numbers() -> None:
    head = "from azureml.core import Model, Workspace\n\nws = Workspace.from_config()\n"
    text = convert(head + ORDERED).text
    for kept in ("[int(m.version) for m", ", int(m.version))", "append(int(m.version))", "latest = int(m.version)"):
        assert kept in text
    assert "sorted(seen)[0], m.version)" in text
