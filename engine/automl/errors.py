"""What ends an AutoML step on purpose."""

from __future__ import annotations


class AutoMLError(Exception):
    """Why there is no model, in words for the user: what is wrong and what to change."""
