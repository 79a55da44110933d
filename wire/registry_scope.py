"""Registries, as far as they are kept as workspaces of a reserved subscription: what lists of workspaces leave out."""

from __future__ import annotations

from amlbridge.engine.records.workspaces import Workspace

#: Subscription and resource group of every registry.
SUBSCRIPTION, GROUP = "00000000-0000-0000-0000-0000000000aa", "registries"
#: The registry that Microsoft fills.
MICROSOFT = "azureml"


def is_registry(place: Workspace) -> bool:
    """Whether a place is a registry."""
    return place.subscription_id == SUBSCRIPTION


def is_microsofts(place: Workspace) -> bool:
    """Whether a place is the registry that Microsoft fills."""
    return is_registry(place) and place.name.lower() == MICROSOFT
