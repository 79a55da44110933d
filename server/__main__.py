"""``python -m amlbridge.server HOME``: the service in the foreground, or detached as `amlbridge up` starts it."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> int:
    """``HOME [--detached] [--ready-fd N] [--intercept] [--allow=HOST...]``: N is a pipe on which one JSON line says the
    address, or the error."""
    gc.disable()  # 0.05 s of the imports below
    from amlbridge.engine.errors import EngineError
    from amlbridge.server import logs
    from amlbridge.server.home import Home
    from amlbridge.server.network_options import NetworkOptions

    home = Home(Path(arguments[0]).absolute())
    pipe = int(arguments[arguments.index("--ready-fd") + 1]) if "--ready-fd" in arguments else None
    detached = "--detached" in arguments
    if pipe is not None:
        os.set_inheritable(pipe, False)

    def tell(content: dict[str, Any]) -> None:
        nonlocal pipe
        gc.enable()
        gc.freeze()
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # the command that started us was ended
                os.write(pipe, json.dumps(content).encode() + b"\n")
            os.close(pipe)
            pipe = None

    logs.configure(home.log if detached else None)
    try:
        from amlbridge.server.process import serve

        serve(home, detached=detached, ready=tell, network=NetworkOptions.from_arguments(arguments[1:]))
    except EngineError as error:
        print(f"amlbridge: {error}", file=sys.stderr)
        tell({"error": str(error)})
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
