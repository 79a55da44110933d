"""Outlives the service for a moment: when the service dies, even by SIGKILL, all its running steps are killed.

Run by path with `python -E -S`. Reads lines from standard input: `+<id>` when a step starts and `-<id>` when it has
ended. The end of the input is the death of the service, because nobody else holds the other end of the pipe.

This is safer than PR_SET_PDEATHSIG: that would need code between fork and exec in a process with threads, fires when
the *thread* that started the step ends, and reaches the first process of a step only.
"""

from __future__ import annotations

import sys

import processes  # type: ignore[import-not-found, unused-ignore]  # beside this file, which is run by path


def main() -> int:
    """Keep the list of running steps until the input ends, then kill them. Returns the exit code."""
    alive: set[str] = set()
    for line in sys.stdin:
        step = line[1:].rstrip("\n")
        if line[0] == "+":
            alive.add(step)
        else:
            alive.discard(step)
    if alive:
        processes.stop(alive)
    return 0


if __name__ == "__main__":
    sys.exit(main())
