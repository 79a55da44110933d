"""``@rawhttp``, AMLRequest and AMLResponse: scoring scripts that read requests and write responses themselves.

Azure's images hold the packages azureml-contrib-services (SDK v1) and azureml-inference-server-http. Where one is not
installed, the three names are provided here under the same modules. With werkzeug (which MLflow brings) a request is a
full one; without it, it has the method, the headers, the arguments and the data.
"""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

_MARK = "_amlbridge_rawhttp"
#: The packages that have ``aml_request`` and ``aml_response``.
_PACKAGES = ("azureml.contrib.services", "azureml_inference_server_http.api")


class AMLRequest:
    """A request without werkzeug."""

    def __init__(self, header: dict[str, Any], body: bytes) -> None:
        self.method: str = header["method"]
        self.headers: dict[str, str] = header["headers"]
        self.path = "/score"
        self.query_string: bytes = header["query"].encode()
        self.full_path = f"{self.path}?{header['query']}"
        self.args = dict(parse_qsl(header["query"], keep_blank_values=True))
        self.data = body

    def get_data(self, cache: bool = True, as_text: bool = False) -> Any:
        """The body, as bytes or text."""
        return self.data.decode() if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return self.get_json()


class AMLResponse:
    """A response: ``json_str`` makes the message JSON, otherwise it is text or bytes."""

    def __init__(
        self, message: Any, status_code: int, response_headers: dict[str, str] | None = None, json_str: bool = False
    ) -> None:
        self.status_code = status_code
        kind = "application/json" if json_str else "text/plain"
        self.headers = {"content-type": kind, **(response_headers or {})}
        text = json.dumps(message) if json_str else message
        self._data = text.encode() if isinstance(text, str) else bytes(text)

    def get_data(self) -> bytes:
        """The body."""
        return self._data

    @property
    def mimetype(self) -> str:
        """The type of the body, without parameters such as its encoding; can be set."""
        return self.headers["content-type"].partition(";")[0].strip()

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.headers["content-type"] = value


def rawhttp(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a run() that wants the request itself."""
    setattr(function, _MARK, True)
    return function


def install() -> None:
    """Makes the three names importable, and leaves an installed package alone."""
    for package in _PACKAGES:
        if not _there(f"{package}.aml_request"):
            _provide(package)


def _there(name: str) -> bool:
    """Whether a module can be imported."""
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def _provide(package: str) -> None:
    request, response = ModuleType(f"{package}.aml_request"), ModuleType(f"{package}.aml_response")
    request.AMLRequest = AMLRequest  # type: ignore[attr-defined]
    request.rawhttp = rawhttp  # type: ignore[attr-defined]
    response.AMLResponse = AMLResponse  # type: ignore[attr-defined]
    words = package.split(".")
    for name in (".".join(words[:end]) for end in range(1, len(words) + 1)):
        if not _there(name):
            sys.modules[name] = ModuleType(name)
            sys.modules[name].__path__ = []
    for module in (request, response):
        sys.modules[module.__name__] = module


def wanted(function: Callable[..., Any]) -> bool:
    """Whether run() asks for the request itself."""
    if getattr(function, _MARK, False):
        return True
    installed = [sys.modules.get(f"{package}.aml_request") for package in _PACKAGES]
    return any(getattr(module, "_rawHttpRequested", False) for module in installed)


def request(header: dict[str, Any], body: bytes) -> Any:
    """The request that run() gets."""
    try:
        from werkzeug.wrappers import Request
    except ImportError:
        return AMLRequest(header, body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": header["method"],
        "PATH_INFO": "/score",
        "QUERY_STRING": header["query"],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in header["headers"].items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return Request(environ)
