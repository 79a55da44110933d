"""Where the user's pip looks for packages: uv does not read pip's files."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from pathlib import Path

#: pip's settings that uv knows as a variable of pip's (:func:`amlbridge.engine.environments.build.uv_environment`).
_KNOWN = ("index-url", "extra-index-url", "find-links", "cert")


def _files(env: Mapping[str, str]) -> Iterator[Path]:
    """pip's files, the strongest last."""
    yield Path("/etc/pip.conf")
    home = Path(env.get("HOME") or "~").expanduser()
    yield home / ".pip" / "pip.conf"
    yield Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if env.get("VIRTUAL_ENV"):
        yield Path(env["VIRTUAL_ENV"]) / "pip.conf"
    if env.get("PIP_CONFIG_FILE"):
        yield Path(env["PIP_CONFIG_FILE"])


def file_settings(env: Mapping[str, str]) -> dict[str, str]:
    """The settings of pip's files as pip's variables (``PIP_INDEX_URL``)."""
    found: dict[str, str] = {}
    for path in _files(env):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            # pip itself will say so to the user when he runs it.
            continue
        for section in ("global", "install"):
            for name in _KNOWN:
                if parser.has_option(section, name):
                    value = " ".join(parser.get(section, name).split())
                    found[f"PIP_{name.upper().replace('-', '_')}"] = value
    return found


def saved(env: Mapping[str, str]) -> dict[str, str]:
    """What the service's own environment says of packages, for the steps, which get little of that environment."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NETRC")
    prefixes = ("PIP_", "UV_")
    return {name: value for name, value in env.items() if name.startswith(prefixes) or name in names}
