"""Names for runs and models that were given none."""

from __future__ import annotations

import secrets

_FIRST = "amber bold brisk calm clear clever eager fair fine gentle glad keen kind light lively merry mild neat"
_SECOND = "badger beech birch crane falcon fern finch fox hare heron lark larch lynx maple otter owl pike stork"


def random_name() -> str:
    """Something like ``keen_otter_k3f9x2``."""
    words = (secrets.choice(_FIRST.split()), secrets.choice(_SECOND.split()), secrets.token_hex(3))
    return "_".join(words)
