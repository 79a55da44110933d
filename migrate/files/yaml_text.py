"""Reading YAML of the user's, and writing YAML as people write it. Most runs meet none, and need no ruamel."""

from __future__ import annotations

import io
from copy import deepcopy
from functools import lru_cache
from typing import Any

#: Written on top of each job that is made from a v1 file.
SCHEMAS = {
    "command": "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json",
    "deployment": "https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json",
    "pipeline": "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json",
}


def load(text: str) -> Any:
    """The content as plain dicts, lists and scalars; None for a text that is no YAML (a template, for instance)."""
    return deepcopy(_loaded(text))


@lru_cache(maxsize=64)  # each step that a file configures reads it, in each attempt
def _loaded(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        # ruamel raises more than its own errors on damaged dates, tags and anchors.
        return None


def dump(content: Any) -> str:
    """YAML with the keys in their order; long strings stay on one line."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()


def get(content: Any, *path: str) -> Any:
    """The value at a path of keys, which v1 compares without case and underscores; None when there is none."""
    for key in path:
        if not isinstance(content, dict):
            return None
        wanted = key.lower().replace("_", "")
        content = next((value for name, value in content.items() if str(name).lower().replace("_", "") == wanted), None)
    return content
