"""Runs inside each Python step before its script; standard library only, for any interpreter.

The v1 SDK sends metrics in batches from a daemon thread, and nothing waits for it when the script ends: on Azure the
launcher around the script calls the SDK's own clean-up. So do we, when the script has used a run at all.
"""

import atexit

# Its exit hook refuses further work for thread pools and must be registered before ours: the last one in runs first.
import concurrent.futures.thread  # noqa: F401
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


# A process that the script forks inherits the hooks, but not the threads and their queues.
_OWNER = os.getpid()
# Before thread pools close; there is no public way to be that early.
if hasattr(threading, "_register_atexit"):  # since 3.9
    threading._register_atexit(_flush_runs)
# Once more for what the script's own threads logged after that.
atexit.register(_flush_runs)
