"""What a name alone connects: a service, or a monitor, that code makes in one place and gets by its name in another.

SDK v2 does not find what SDK v1 deploys, nor the other way round. Where the one has to stay SDK v1, so has the other.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from amlbridge.migrate.rewriter import Rewriter

#: What deploys a service, with the position of its name.
_DEPLOYING = {
    "Model.deploy": 1,
    "Webservice.deploy": 1,
    "Webservice.deploy_from_image": 1,
    "Webservice.deploy_from_model": 1,
}
#: What makes a monitor, or gets one.
MONITORS = {"DataDriftDetector.create_from_datasets": 1, "DataDriftDetector.get_by_name": 1}


def stays_by_name(name: ast.expr, to: Rewriter, places: Mapping[str, int]) -> bool:
    """Whether one of the calls in ``places`` that stay SDK v1 is given the same name."""
    text = to.evaluator.text(name)
    for use in to.uses if text is not None else ():
        position = places.get(use.symbols[-1])
        given = use.argument("name", position=position) if position is not None and use.call is not None else None
        own = given is None or given is name or use.node not in to.attempt.kept
        if given is not None and not own and to.evaluator.text(given) == text:
            return True
    return False


def not_found(name: ast.expr | None, to: Rewriter) -> str:
    """Why a service cannot be got by its name from SDK v2; "" where it can."""
    if name is None:
        return "a name is needed"
    return "this file deploys the service with SDK v1" if stays_by_name(name, to, _DEPLOYING) else ""
