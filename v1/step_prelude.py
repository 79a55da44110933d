"""Runs inside each Python step before its script; standard library only, for any interpreter.

It also lets the step find :mod:`amlbridge.v1.automl_runtime` where a package of Microsoft's is missing.

The v1 SDK sends metrics in batches from a daemon thread, and nothing waits for it when the script ends: on Azure the
launcher around the script calls the SDK's own clean-up. So do we, when the script has used a run at all.
"""

import atexit

# Its exit hook refuses further work for thread pools and must be registered before ours: the last one in runs first.
import concurrent.futures.thread  # noqa: F401
import importlib.util
import os
import sys
import threading

_SECONDS = 900


def _flush_runs():  # type: ignore[no-untyped-def]
    module = sys.modules.get("azureml._run_impl.run_base")
    if module is None or os.getpid() != _OWNER:
        return
    base = module._RunBase
    if not base._registered_kill_handlers.empty():
        base._kill(timeout=_SECONDS)


class _Runtime:
    """The last of the finders: it is asked for what no other one has found."""

    name = "azureml.train.automl.runtime"

    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        if fullname != self.name:
            return None
        folder = os.path.join(os.path.dirname(os.path.abspath(_FILE)), "automl_runtime")  # noqa: PTH100, PTH118, PTH120
        place = os.path.join(folder, "__init__.py")  # noqa: PTH118
        return importlib.util.spec_from_file_location(fullname, place, submodule_search_locations=[folder])


_FILE = __file__
sys.meta_path.append(_Runtime())

# A process that the script forks inherits the hooks, but not the threads and their queues.
_OWNER = os.getpid()
# Before thread pools close; there is no public way to be that early.
if hasattr(threading, "_register_atexit"):  # since 3.9
    threading._register_atexit(_flush_runs)
# Once more for what the script's own threads logged after that.
atexit.register(_flush_runs)
