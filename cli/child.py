"""Runs a command in the terminal as the shell would, and looks after something else meanwhile."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from amlbridge.cli.output import Failure

_PASSED_ON = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
#: ``si_code`` of a signal that the kernel sent: one of the terminal, which goes to all of its foreground processes.
_SI_KERNEL = 0x80
#: Seconds between SIGTERM and SIGKILL for a command that is ended.
_PATIENCE = 5.0


class Child:
    """A running command with our standard streams, in our process group, so that the terminal treats it as its own.

    Raises :class:`Failure` with 127 when there is no such command and 126 when it cannot be executed.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        # Blocked here, taken with sigtimedwait below; the child gets them unblocked.
        signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            self.pid = os.posix_spawnp(command[0], list(command), dict(environment), setsigmask=())
        except FileNotFoundError:
            raise Failure(f"there is no command {command[0]}", do="check its name and PATH", code=127) from None
        except OSError as error:
            raise Failure(f"cannot execute {command[0]}", why=error.strerror or str(error), code=126) from None

    def wait(self, tick: Callable[[], bool]) -> int:
        """Waits until the command has ended and returns its exit code, 128+N when signal N ended it.

        ``tick`` is called about five times a second; once it returns True the command and all that it started are
        ended. A signal that was sent to us alone is passed on; one from the terminal has reached the command already.
        """
        ended_at: float | None = None
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            received = signal.sigtimedwait({*_PASSED_ON, signal.SIGCHLD}, 0.2)
            if received is not None and received.si_signo != signal.SIGCHLD and received.si_code != _SI_KERNEL:
                os.kill(self.pid, received.si_signo)
            if tick() and ended_at is None:
                self._end(signal.SIGTERM)
                ended_at = time.monotonic()
            if ended_at is not None and time.monotonic() - ended_at > _PATIENCE:
                self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        import psutil

        try:
            tree = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in tree:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
