"""A request finds the operation whose template its path matches, the first one in order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Router, Routes, compile_path

PATHS = (
    "/a/{x}",
    "/a/{x}/b",
    "/a/b/{x}:run",
    "/a/{rest*}",
    "/{any}/b",
    "/a",
    "/WS/jobs/{name}",
    "/A/{x}/B/{y}",
)
WORDS = st.sampled_from(["a", "A", "b", "B", "jobs", "x", "7:run", "ws", "", "a b", "%41"])


def make() -> Routes:
    routes = Routes("test")
    for path in PATHS:

        @routes.get(path)
        def answer(call: Call) -> None:
            """Nothing."""

    return routes


ROUTES = make()


@given(st.lists(WORDS, max_size=6))
def test_the_first_template_that_matches_is_found(words: list[str]) -> None:
    path = "/" + "/".join(words)
    plain = re.sub("//+", "/", path)
    ordered = sorted(ROUTES.operations, key=lambda operation: operation.path.startswith("/{"))
    expected = next((item for item in ordered if compile_path(item.path).fullmatch(plain)), None)
    found = Router(ROUTES).find("GET", path)
    assert (found[0] if found else None) is expected
    assert Router(ROUTES).find("POST", path) is None


def test_parameters_keep_their_case_and_fixed_parts_have_none() -> None:
    found = Router(ROUTES).find("GET", "/SUBSCRIPTIONS/S/resourcegroups/G/providers/microsoft.machinelearningservices"
                                       "/Workspaces/W/JOBS/Name/")  # fmt: skip
    assert found is not None
    names = {"subscription": "S", "resource_group": "G", "workspace": "W", "name": "Name"}
    assert found[1] == names


def test_a_pattern_is_compiled_when_a_path_could_match_it() -> None:
    routes = make()
    router = Router(routes)
    assert not any("pattern" in vars(operation) for operation in routes)
    assert router.find("GET", "/a/x/b") is not None
    compiled = [operation.path for operation in routes if "pattern" in vars(operation)]
    assert compiled == ["/a/{x}", "/a/{x}/b"]
