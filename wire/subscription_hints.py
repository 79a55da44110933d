"""Which subscriptions does the calling program name?

The v1 client compares the subscription of a script with ``GET /subscriptions`` before it sends it anywhere, so the
service cannot learn it from a request. It looks at the calling process instead (same machine, same user).
"""

from __future__ import annotations

from amlbridge.wire.caller import caller
from amlbridge.wire.context import Call
from amlbridge.wire.subscription_names import subscriptions_named


def subscriptions_of_caller(call: Call) -> list[str]:
    """The subscriptions that the process behind this request names; [] when the process cannot be found."""
    process = caller(call)
    return [] if process is None else subscriptions_named(process.command, process.environment, process.folder)
