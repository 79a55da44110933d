"""The places of parameters of SDK v1."""

from __future__ import annotations

from amlbridge.migrate.signatures.places import named_at, place_of


def test_places() -> None:
    assert place_of(["arguments"], ["PythonScriptStep"]) == 2
    assert place_of(["runconfig", "run_config"], ["ScriptRunConfig"]) == 3
    assert place_of(["pipeline"], ["PipelineEndpoint.publish"]) == 3
    assert place_of(["no_such_parameter"], ["ScriptRunConfig"]) is None
    assert place_of(["name"], ["NoSuchClass", "PythonScriptStep"]) == 1
    assert place_of(["datastore_name"], ["DataPath"]) is None  # which is a class of two modules


def test_names() -> None:
    assert named_at(1, ["PythonScriptStep"]) == "name"
    assert named_at("arguments", ["PythonScriptStep"]) == "arguments"
    assert named_at(0, ["NoSuchClass"]) == "0"
