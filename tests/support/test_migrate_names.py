"""What tests are told of names in converted code."""

from __future__ import annotations

import pytest

from tests.support.migrate_names import early, new_faults, undefined


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("print(client)\n", {"client"}),
        ("def f():\n    return client\n", {"client"}),
        ("def f():\n    client = 1\n\n\nprint(client)\n", {"client"}),
        ("from a import client\nprint(client, __file__, len)\n", set()),
        ("def f():\n    global client\n    client = 1\n\n\nprint(client)\n", set()),
        ("from a import *\nprint(client)\n", set()),
        ("print([x for x in (1, 2)], lambda y: y)\n", set()),
        ("class A:\n    b = 1\n    c = b\n", set()),
    ],
)
def test_undefined(code: str, found: set[str]) -> None:
    assert undefined(code) == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("print(client)\nclient = 1\n", {("", "client")}),
        ("client = client.next\n", {("", "client")}),
        ("def f(run):\n    print(client, run)\n    client = run = 1\n", {("f", "client")}),
        ("def f():\n    return client\n\n\nclient = 1\n", set()),
        ("for part in parts():\n    print(part)\n", set()),
        ("with open(path) as file:\n    text = [line for line in file if line]\npath = 1\n", {("", "path")}),
        ("try:\n    import a\nexcept ImportError as error:\n    print(error)\n", set()),
    ],
)
def test_early(code: str, found: set[tuple[str, str]]) -> None:
    assert early(code) == found


def test_only_new_faults_are_told() -> None:
    assert new_faults("ws = 1\nprint(ws)\n", "print(client)\nclient = 1\n") == [
        "client is read above its definition in the module"
    ]
    assert new_faults("print(ws)\n", "print(ws)\n") == []
    assert new_faults("print(1)\n", "print(ws)\n") == ["ws is not defined"]


def test_what_python_refuses() -> None:
    refused = "def f():\n    ws = 1\n    global ws\n"
    assert new_faults(refused, "print(ws)\n") == []
    (told,) = new_faults("ws = 1\n", refused)
    assert told.startswith("line 3: ")
