"""The proxies that a user had before ours: what is let through goes through them."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # not in typeshed

from amlbridge.engine.errors import StateError

#: Sessions of ours begin so; a proxy variable whose user begins so is no proxy of the user's.
SESSION_PREFIX = "amlbridge-"


@dataclass(frozen=True)
class Upstream:
    """The user's own proxies, as URLs, and the hosts that they are not for (as in ``NO_PROXY``)."""

    http: str | None = None
    https: str | None = None
    no_proxy: str = ""

    def proxy_for(self, scheme: str, host: str) -> SplitResult | None:
        """The proxy for a connection; None: a direct one."""
        url = self.https if scheme == "https" else self.http
        if url is None or proxy_bypass_environment(host, {"no": self.no_proxy}):
            return None
        return urlsplit(url if "://" in url else f"http://{url}")


def from_environment(environment: Mapping[str, str] = os.environ) -> Upstream:
    """The user's proxies. Raises :class:`StateError` for a kind of proxy that the guard cannot speak to."""
    values = {}
    for scheme in ("http", "https"):
        names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
        values[scheme] = next((environment[name] for name in names if environment.get(name)), None)
        url = values[scheme]
        if url is not None and is_guard(url):
            values[scheme] = None
        elif url is not None and urlsplit(url if "://" in url else f"http://{url}").scheme != "http":
            raise StateError(
                f"the network guard can pass traffic on to http:// proxies only, and your {scheme} proxy is "
                f"{_without_password(url)}: unset it for this run, or give --allow-network, which leaves it in place"
            )
    no_proxy = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return Upstream(values["http"], values["https"], no_proxy)


def is_guard(url: str) -> bool:
    """Whether a proxy URL leads to a network guard of ours."""
    return (urlsplit(url).username or "").startswith(SESSION_PREFIX)


def authorization(proxy: SplitResult) -> dict[str, str]:
    """The header that a proxy with a user name wants."""
    if proxy.username is None:
        return {}
    text = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.port else f"{parts.scheme}://{parts.hostname}"
