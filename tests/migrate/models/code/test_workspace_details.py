"""What get_details() tells of a workspace is read of its entity."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = "from azureml.core import Workspace\n\nws = Workspace.from_config()\n"
_HELD = f"{_HEAD}details = ws.get_details()\n"


def test_details_in_a_variable_are_read_as_attributes() -> None:
    text = convert(_HELD + "print(details['name'], f\"{details['location']}\")\n").text
    assert 'print(details.name, f"{details.location}")\n' in text


@pytest.mark.parametrize("read", ["details['sku']", "details['identity']['type']", "details.get('name', '')"])
def test_what_the_entity_has_not_keeps_the_dict(read: str) -> None:
    left = convert(f"{_HELD}print({read})\n")
    assert read in left.text and "get_details" in left.text
    assert any(finding.status is Status.MANUAL for finding in left.findings)


def test_no_method_of_the_dict_is_asked_of_the_entity() -> None:
    """``.get`` and ``.items`` of the dict would fail: the entity has neither."""
    assert "where = details.location" in convert(f"{_HELD}where = details.get('location')\n").text
    assert "ws.get_details()" in convert(f"{_HELD}for key, value in details.items():\n    print(key, value)\n").text
    assert "ws.get_details()" in convert(f"{_HEAD}print(ws.get_details().keys())\n").text


def test_the_identity_has_its_parts_as_attributes() -> None:
    """The client of SDK v2 fills tenant_id and principal_id from the same answer."""
    code = f"{_HELD}tenant = details['identity']['tenant_id']\nprint(ws.get_details()['identity']['principal_id'])\n"
    found = convert(code)
    assert "azureml" not in found.text
    assert "tenant = details.identity.tenant_id\n" in found.text
    text = "".join(found.text.split())
    assert "print(ml_client.workspaces.get(ml_client.workspace_name).identity.principal_id)" in text
