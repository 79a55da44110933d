"""Puts off what a package does when it is imported, until somebody wants something of it. Standard library only.

For a package that another one imports for next to nothing: MLflow takes one class of exceptions from a module of
`databricks.sdk`, whose own import defines 2,000 data classes, a second of computing. In a warm interpreter the package
is there without that; a step that uses it gets it in that moment, as if it had imported it then.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import types
from typing import Any

_lock = threading.RLock()
#: The packages whose code runs.
_running: set[str] = set()


class _Deferred(types.ModuleType):
    """A package that has not run its own code. Its modules can be imported; the first name that is missing runs it."""

    def __getattr__(self, name: str) -> Any:
        with _lock:  # other threads wait until it has run
            # Once only, and not for what its own code looks for meanwhile.
            if type(self) is _Deferred and self.__name__ not in _running:
                _running.add(self.__name__)
                try:
                    _run(self)
                    self.__class__ = types.ModuleType  # type: ignore[assignment]
                except BaseException:
                    # As after any import that fails: the next one tries again.
                    sys.modules.pop(self.__name__, None)
                    raise
                finally:
                    _running.remove(self.__name__)
        return types.ModuleType.__getattribute__(self, name)


def _run(module: types.ModuleType) -> None:
    assert module.__spec__ is not None and module.__spec__.loader is not None, "it was found by the import system"
    module.__spec__.loader.exec_module(module)


def defer(name: str) -> bool:
    """Put a package off. Returns False if it is not installed, imported already, or no package with code of its own.

    The packages that it is in are imported."""
    if name in sys.modules:
        return False
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return False
    if spec is None or spec.submodule_search_locations is None or not hasattr(spec.loader, "exec_module"):
        return False
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Deferred
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return True
