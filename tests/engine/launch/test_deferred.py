"""A package that is put off is, to whoever uses it, the package."""

from __future__ import annotations

import importlib
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.launch import preload
from amlbridge.engine.launch.deferred import defer
from tests.engine.launch.conftest import Maker

_SDK = """
import builtins
builtins.ran = getattr(builtins, "ran", 0) + 1
from shop.sdk.errors import NotFound
from shop.sdk import prices
class Client:
    errors = NotFound
__all__ = ["Client"]
if prices.BROKEN:
    raise RuntimeError("no prices")
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Packages ``shop`` and ``shop.sdk``; the latter counts how often its own code has run."""
    import builtins

    folder = tmp_path / "shop" / "sdk"
    folder.mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").write_text("")
    (folder / "__init__.py").write_text(_SDK)
    (folder / "errors.py").write_text("class NotFound(Exception):\n    pass\n")
    (folder / "prices.py").write_text("BROKEN = False\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(builtins, "ran", 0, raising=False)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def _ran() -> int:
    import builtins

    return int(vars(builtins)["ran"])


def _by_import() -> Any:
    return importlib.import_module("shop.sdk").Client


def _by_name() -> Any:
    space: dict[str, Any] = {}
    exec("from shop.sdk import Client", space)
    return space["Client"]


def _by_star() -> Any:
    space: dict[str, Any] = {}
    exec("from shop.sdk import *", space)
    return space["Client"]


def _by_path() -> Any:
    space: dict[str, Any] = {}
    exec("import shop.sdk", space)
    return space["shop"].sdk.Client


def test_a_module_of_it_does_not_run_it(shop: Path) -> None:
    assert defer("shop.sdk")
    errors = importlib.import_module("shop.sdk.errors")
    assert (_ran(), errors.NotFound.__module__) == (0, "shop.sdk.errors")


@pytest.mark.parametrize("wanted", [_by_import, _by_name, _by_star, _by_path])
def test_who_wants_something_of_it_gets_it(shop: Path, wanted: Callable[[], Any]) -> None:
    assert defer("shop.sdk")
    errors = importlib.import_module("shop.sdk.errors")
    package = sys.modules["shop.sdk"]
    client = wanted()
    assert _ran() == 1
    assert client.errors is errors.NotFound, "modules that were imported before are not imported again"
    assert sys.modules["shop.sdk"] is package and type(package) is types.ModuleType
    assert package.Client is client and package.prices.BROKEN is False


def test_what_it_has_not_is_told_as_ever(shop: Path) -> None:
    assert defer("shop.sdk")
    for _ in range(2):
        with pytest.raises(AttributeError, match=r"module .shop\.sdk. has no attribute .nothing."):
            sys.modules["shop.sdk"].nothing  # noqa: B018
    assert _ran() == 1


def test_it_runs_once_for_many_threads(shop: Path) -> None:
    (shop / "prices.py").write_text("import time\ntime.sleep(0.05)\nBROKEN = False\n")
    assert defer("shop.sdk")
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(sys.modules["shop.sdk"].Client)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    assert _ran() == 1


def test_an_import_that_fails_can_be_tried_again(shop: Path) -> None:
    (shop / "prices.py").write_text("BROKEN = True\n")
    assert defer("shop.sdk")
    with pytest.raises(RuntimeError, match="no prices"):
        _by_name()
    sys.modules["shop.sdk.prices"].BROKEN = False  # type: ignore[attr-defined]
    assert _by_name().__name__ == "Client"
    assert _ran() == 2


def test_what_is_not_there_or_no_package_is_not_put_off(shop: Path) -> None:
    for name in ("shop.nothing", "nothing.sdk", "shop.sdk.errors.deeper", "json"):
        assert not defer(name), name
    assert "shop.nothing" not in sys.modules
    importlib.import_module("shop.sdk")
    assert not defer("shop.sdk"), "it is imported already"


@pytest.mark.slow
def test_a_step_has_mlflow_without_what_it_does_not_use(make_bench: Maker) -> None:
    assert preload.DEFERRED == ("databricks.sdk",)
    told = make_bench(launcher="warm", heavy=("json", "mlflow")).script(
        "import sys, mlflow\n"
        "print('databricks.sdk.service.jobs' in sys.modules)\n"
        "from databricks.sdk import WorkspaceClient\n"
        "from databricks.sdk.errors import NotFound\n"
        "from mlflow.store.artifact import databricks_sdk_models_artifact_repo as repository\n"
        "print(repository.NotFound is NotFound, WorkspaceClient.__module__, sys.modules['databricks.sdk'])\n"
    )
    first, second = told.text.splitlines()
    assert first == "False"
    assert second.startswith("True databricks.sdk <module 'databricks.sdk' from ")
