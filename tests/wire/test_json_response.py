"""Answers repeat what a user has sent, also what JSON has no word for."""

from __future__ import annotations

import json
import math

from amlbridge.wire.json_response import JsonResponse


def test_numbers_that_are_none_are_written_as_python_reads_them() -> None:
    body = JsonResponse({"a": math.nan, "b": [math.inf], "c": "ü"}, 201).body
    found = json.loads(bytes(body))
    assert math.isnan(found["a"]) and found["b"] == [math.inf] and found["c"] == "ü"
