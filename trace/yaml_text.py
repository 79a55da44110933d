"""YAML as people write it."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML


def dump(content: Any) -> str:
    """YAML with the keys in their order; long strings stay on one line."""
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
