"""How many items and mini batches are done and failed, and how many may fail."""

from __future__ import annotations

from .entry import EntryError
from .settings import ParallelSettings

_ALL = 100.0


class Tally:
    """The counts of one parallel run over ``total`` mini batches.

    A mini batch has failed when its last try did, or when ``run()`` returned fewer results than it has items.
    """

    def __init__(self, settings: ParallelSettings, total: int) -> None:
        self.total = total
        self.items = self.failed_items = 0
        self.batches = self.failed_batches = 0
        self._settings = settings

    @property
    def complete(self) -> bool:
        """Whether all mini batches have ended, well or not."""
        return self.batches >= self.total

    def add(self, items: int, failed: int, *, lost: bool) -> None:
        """A mini batch has ended: ``failed`` of its items have no result; ``lost``: no try succeeded."""
        self.items += items
        self.failed_items += failed
        self.batches += 1
        self.failed_batches += lost or failed > 0

    def check(self, last: str) -> None:
        """Raises EntryError when more has failed than may; ``last`` says what failed last."""
        for name, found, most, what in (
            ("error_threshold", self.failed_items, self._settings.error_threshold, "items"),
            ("allowed_failed_count", self.failed_batches, self._settings.allowed_failed_count, "mini batches"),
        ):
            if 0 <= most < found:
                raise EntryError(f"{found} {what} failed, more than {name} ({most}) allows; the last: {last}")

    def check_percent(self) -> None:
        """The same for the share of the mini batches, which is known at the end."""
        most, share = self._settings.allowed_failed_percent, 100.0 * self.failed_batches / self.total
        if most < _ALL and share > most:
            counts = f"{self.failed_batches} of {self.total} mini batches failed"
            raise EntryError(f"{counts} ({share:g} %), more than allowed_failed_percent ({most:g}) allows")

    def text(self) -> str:
        """One line of progress."""
        return (
            f"processed {self.batches} of {self.total} mini batches, {self.failed_batches} of them failed: "
            f"{self.items} items, {self.failed_items} failed"
        )
