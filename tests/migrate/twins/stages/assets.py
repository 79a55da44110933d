"""Rules of models, data and environments."""

from __future__ import annotations

from tests.migrate.twins.twin import Twin

TWINS = [
    Twin(
        "models",
        foot='print("=", latest.tags, latest.name, int(latest.version))\n',
        files={"outputs/model.pkl": "a model"},
    ),
]
