"""``python -m amlbridge.server HOME``: the service in the foreground."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from amlbridge.server.home import Home
from amlbridge.server.process import serve

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(Home(Path(sys.argv[1]).absolute()))
