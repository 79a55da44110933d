"""Images: by their pixels, whatever their compression and metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from amlbridge.compare.errors import UnreadableError, need
from amlbridge.compare.files.arrays import arrays
from amlbridge.compare.files.finding import Finding
from amlbridge.compare.references import References
from amlbridge.compare.result import Difference
from amlbridge.compare.rules import Rules

_MOST_FRAMES = 1000


def compare(left: Path, right: Path, rules: Rules, _references: References) -> Finding:
    """The pixels that differ. Raises :class:`UnreadableError`."""
    one, other = _frames(left), _frames(right)
    facts = {"size": " and ".join(dict.fromkeys(f"{item[0].shape[1]}x{item[0].shape[0]}" for item in (one, other)))}
    if len(one) != len(other):
        return Finding(1, (Difference("frames", str(len(one)), str(len(other))),), {"frames": float("inf")}, facts)
    # Pixels are whole numbers from 0 to 255: without a tolerance of their own they are compared exactly.
    tolerance = rules.tolerances.of(f"pixels of {left.name}")
    count, largest = 0, 0.0
    kept: list[Difference] = []
    for number, (ours, theirs) in enumerate(zip(one, other, strict=True)):
        found, some, size = arrays(ours, theirs, f"frame {number}" if len(one) > 1 else "pixel", tolerance)
        count, largest = count + found, max(largest, size)
        kept += some[: max(0, 10 - len(kept))]
    return Finding(count, tuple(kept), {"pixels": largest} if count else {}, facts)


def _frames(path: Path) -> list[Any]:
    try:
        from PIL import Image, ImageSequence, UnidentifiedImageError
    except ImportError as error:
        raise need("pillow", "images") from error
    try:
        with Image.open(path) as image:
            found = [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableError(f"{path.name} cannot be read as an image: {error}") from error
    return found[:_MOST_FRAMES]
