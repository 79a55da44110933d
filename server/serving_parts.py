"""The model servers as a part of the service: they start once the addresses are known, and end with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from amlbridge.server import client_environment
from amlbridge.server.home import Home
from amlbridge.wire.context import Service
from amlbridge.wire.serving.operator import PART, Operator


def variables_of(service: Service, home: Home) -> Callable[[str], Mapping[str, str]]:
    """The variables that lead the scoring script of a model server, by the server's key."""
    guard_port: int = service.parts["guard_port"]
    ports = (service.http_port, service.https_port, service.host)
    plain = client_environment.variables(home, *ports, guard_port=guard_port)

    def variables(key: str) -> Mapping[str, str]:
        """The SDKs of a scoring script find the service, and its other connections go through the network guard."""
        session = client_environment.step_session(f"serving-{key.replace('.', '-')}")
        password = client_environment.guard_password(service.issuer, session)
        proxy = f"http://{session}:{password}@{service.host}:{guard_port}"
        return {**plain, **dict.fromkeys(client_environment.PROXY_VARIABLES, proxy)}

    return variables


def attach(service: Service, home: Home) -> None:
    """Makes the operator of a service whose ports are known, and registers its start and stop. To be called after the
    engine was attached, whose environments it uses."""
    operator = Operator(service, variables_of(service, home))
    service.parts[PART] = operator
    starts: list[Callable[[], None]] = service.part("on_start", list)
    stops: list[Callable[[], None]] = service.part("on_stop", list)
    starts.append(operator.start)
    stops.append(operator.stop)
