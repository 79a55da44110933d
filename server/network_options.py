"""What a service was told about the network when it was started: ``amlbridge up --intercept``, ``--allow-host``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: The host that stands for every host.
EVERYTHING = "*"


@dataclass(frozen=True)
class NetworkOptions:
    """``intercept``: Azure's own hosts are answered here, for whoever uses this service's network guard, and so for
    every step. ``allowed``: hosts, or domains, that are let through; :data:`EVERYTHING` for ``--allow-network``."""

    intercept: bool = False
    allowed: tuple[str, ...] = ()

    @classmethod
    def of(cls, *, intercept: bool, allow_network: bool, hosts: Sequence[str]) -> NetworkOptions:
        """From the options of the command."""
        return cls(intercept, tuple(sorted({*hosts, *([EVERYTHING] if allow_network else [])})))

    def arguments(self) -> list[str]:
        """Arguments of ``python -m amlbridge.server`` that say this."""
        return [*(["--intercept"] if self.intercept else []), *(f"--allow={host}" for host in self.allowed)]

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> NetworkOptions:
        """What :meth:`arguments` said, among others."""
        allowed = [item.removeprefix("--allow=") for item in arguments if item.startswith("--allow=")]
        return cls("--intercept" in arguments, tuple(allowed))

    def content(self) -> dict[str, Any]:
        """For service.json."""
        return {"intercept": self.intercept, "allowed": list(self.allowed)}

    @classmethod
    def from_address(cls, address: Mapping[str, Any] | None) -> NetworkOptions:
        """What a service.json says; the defaults when there is none, or an older amlbridge wrote it."""
        content = (address or {}).get("network", {})
        return cls(content.get("intercept", False), tuple(content.get("allowed", ())))

    def options(self) -> str:
        """The options of the command that say this, for people; "" for none."""
        hosts = ["--allow-network" if host == EVERYTHING else f"--allow-host {host}" for host in self.allowed]
        return " ".join([*(["--intercept"] if self.intercept else []), *hosts])
