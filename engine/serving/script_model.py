"""A scoring script: ``init()`` once, ``run()`` for each request. Loaded by ``scorer.py``, in its process.

``run(data)`` gets the body as text; a function with the decorators of inference-schema gets the fields of the body as
its parameters; one with ``@rawhttp`` gets the request. A parameter ``request_headers`` gets the headers.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

Headers = dict[str, Any]
_JSON = {"content-type": "application/json"}


class ScriptError(Exception):
    """The script cannot serve requests as it is."""


def load(path: Path, bad_input: Any, raw: Any) -> Callable[[Headers, bytes], tuple[Headers, bytes]]:
    """Imports a script and calls its init(). ``raw`` is ``raw_http.py``. Raises what the script raises, and
    :class:`ScriptError`."""
    raw.install()
    specification = importlib.util.spec_from_file_location("entry_module", path)
    if specification is None or specification.loader is None:
        raise ScriptError(f"{path.name} is not a Python script")
    module = importlib.util.module_from_spec(specification)
    sys.modules["entry_module"] = module
    specification.loader.exec_module(module)
    for name in ("init", "run"):
        if not callable(getattr(module, name, None)):
            raise ScriptError(f"{path.name} has no function {name}(): a scoring script defines init() and run(data)")
    parameters = _parameters(module.run)
    with_headers = "request_headers" in parameters
    names = [name for name in parameters if name != "request_headers"]
    if not names:
        raise ScriptError("run() takes no data: it needs a parameter for the input")
    module.init()

    def handle(header: Headers, body: bytes) -> tuple[Headers, bytes]:
        if header["method"] == "OPTIONS":
            return {"status": 200, "headers": {}}, b""
        if raw.wanted(module.run):
            arguments: dict[str, Any] = {names[0]: raw.request(header, body)}
        elif _is_decorated(module.run):
            arguments = _fields(names, header, body, bad_input)
        else:
            arguments = {names[0]: _text(header, body, bad_input)}
        if with_headers:
            arguments["request_headers"] = dict(header["headers"])
        return answer(module.run(**arguments))

    return handle


def _parameters(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind not in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise ScriptError("run() cannot accept positional-only arguments, *args, or **kwargs.")
    return [parameter.name for parameter in parameters]


def _is_decorated(function: Callable[..., Any]) -> bool:
    """Whether the decorators of inference-schema are on a function."""
    try:
        from inference_schema.schema_util import (  # type: ignore[import-not-found, unused-ignore]
            is_schema_decorated,
        )
    except ImportError:
        return False
    return bool(is_schema_decorated(function))


def _query(header: Headers) -> dict[str, Any]:
    """The query's values, each as JSON if it is JSON; a name that comes twice is a list."""
    found: dict[str, Any] = {}
    for name, texts in parse_qs(header["query"], keep_blank_values=True).items():
        values = [_json_or_text(text) for text in texts]
        found[name] = values[0] if len(values) == 1 else values
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(header: Headers, body: bytes, bad_input: Any) -> str:
    if header["method"] == "GET":
        return json.dumps(_query(header))
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise bad_input(f"Input cannot be decoded as UTF-8: {error}") from None


def _fields(names: list[str], header: Headers, body: bytes, bad_input: Any) -> dict[str, Any]:
    if header["method"] == "GET":
        content: Any = _query(header)
    else:
        try:
            content = json.loads(body)
        except ValueError as error:
            raise bad_input(f"Input is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise bad_input(f"Input must be a JSON object with the fields {', '.join(names)}")
    # As Azure's server: the names of fields are compared without case.
    by_name = {key.lower(): value for key, value in content.items()}
    missing = [name for name in names if name.lower() not in by_name]
    if missing:
        raise bad_input(f"The fields {', '.join(missing)} are missing: run() takes {', '.join(names)}")
    return {name: by_name[name.lower()] for name in names}


def answer(result: Any) -> tuple[Headers, bytes]:
    """What run() returned: a response of its own, or a value that becomes JSON. Raises TypeError for other values."""
    if hasattr(result, "status_code") and hasattr(result, "get_data"):
        headers = {str(key).lower(): str(value) for key, value in result.headers.items()}
        status = int(result.status_code)
        # A response that the script made itself is not a failure of run() below 500.
        return {"status": status, "headers": headers, "reason": "run" if status >= 500 else None}, result.get_data()
    return {"status": 200, "headers": _JSON}, json.dumps(result).encode()
