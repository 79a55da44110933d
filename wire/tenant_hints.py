"""Which tenant does the calling program name?

``InteractiveLoginAuthentication(tenant_id=...)`` gets a token from MSI_ENDPOINT, in whose request no tenant stands, and
goes on to an interactive login when the token's ``tid`` is another than the script's. The service looks the tenant up
in the calling process.
"""

from __future__ import annotations

import time

from amlbridge.wire.caller import described, identified
from amlbridge.wire.context import Call
from amlbridge.wire.tenant_names import tenant_named

#: Seconds for which "names none" holds: a notebook's process may name one in its next cell.
_AGAIN = 5.0


def tenant_of_caller(call: Call) -> str | None:
    """The tenant that the process behind this request names; None when it names none or cannot be found."""
    key = identified(call)
    if key is None:
        return None
    known = call.service.part("tenants", dict[tuple[int, float], tuple[str | None, float]])
    now = time.monotonic()
    if key in known and (known[key][0] is not None or now - known[key][1] < _AGAIN):
        return known[key][0]
    process = described(*key)
    if process is None:
        return None
    if len(known) > 1000:
        known.clear()
    found = tenant_named(process.command, process.environment, process.folder)
    known[key] = (found, now)
    return found
