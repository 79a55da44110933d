"""The head of client scripts of SDK v2."""

from __future__ import annotations

import textwrap

_HEAD = """
import os, pathlib
from azure.ai.ml import Input, MLClient, Output, command, load_component
from azure.ai.ml.entities import *
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential

client = MLClient.from_config(DefaultAzureCredential())

def write(name, text):
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name

def error(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except Exception as error:
        return f"{type(error).__name__} {getattr(error, 'status_code', '')} " + " ".join(str(error).split())
    return "no error"

def below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in pathlib.Path(folder).rglob("*") if path.is_file())
"""


def script(body: str) -> str:
    """A client script: the head, then ``body``."""
    return _HEAD + textwrap.dedent(body)
