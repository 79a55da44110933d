"""Lists of the web services of a workspace: those that v1's filters choose among the endpoints."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.models import matching

#: Position of each filter in ``Webservice.list``; what a service is built from, no endpoint tells.
_UNKNOWN = {"image_name": 2, "image_id": 3, "image_digest": 8}
_KINDS = "endpoints of SDK v2 have no compute type: those of all services are listed"
_SERVED = "any({} for deployment in {}.online_deployments.list(endpoint.name))"


def listed_services(use: Use, to: Rewriter) -> tuple[str, str]:
    """The code of ``Webservice.list``, and what to review. Raises ValueError for a filter that SDK v2 cannot answer."""
    client = to.client(use.node, use.argument("workspace", position=0))
    found = f"{client}.online_endpoints.list()"
    if any(use.passed(name, position=at) is not None for name, at in _UNKNOWN.items()):
        raise ValueError("endpoints do not tell their images: choose them by name, tags or model")
    wanted = matching(
        "endpoint", ((name, use.passed(name, position=at)) for name, at in (("tags", 6), ("properties", 7))), to
    )
    name, identity = use.passed("model_name", position=4), use.passed("model_id", position=5)
    if name is not None:
        known = to.evaluator.text(name) if isinstance(name, ast.Constant) else None
        part = f'"/models/{known}/"' if known is not None else f'f"/models/{{{to.source(name)}}}/"'
        wanted.append(_SERVED.format(f"{part} in str(deployment.model)", client))
    if identity is not None:
        path = f'"/models/" + {to.source(identity)}.replace(":", "/versions/")'
        wanted.append(_SERVED.format(f"str(deployment.model).endswith({path})", client))
    review = _KINDS if use.passed("compute_type", position=1) is not None else ""
    if not wanted:
        return f"list({found})", review
    return f"[endpoint for endpoint in {found} if {' and '.join(wanted)}]", review
