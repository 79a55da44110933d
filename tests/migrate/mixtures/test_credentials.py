"""The client beside a workspace of SDK v1 signs in as the workspace does."""

from __future__ import annotations

import pytest

from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

_CODE = """\
import os
from getpass import getpass
from azureml.core import Experiment, Workspace
from azureml.core.authentication import (
    AzureCliAuthentication, InteractiveLoginAuthentication, MsiAuthentication, ServicePrincipalAuthentication
)

tenant = os.environ["TENANT"]
auth = {made}
ws = Workspace.get(name="wine", subscription_id="s", resource_group="g", auth=auth)
Experiment(ws, "night").delete("x")
print(ws.get_default_datastore().name)
"""
_WHERE = ", ws.subscription_id, ws.resource_group, ws.name"


@pytest.mark.parametrize(
    ("made", "credential"),
    [
        ("AzureCliAuthentication()", "AzureCliCredential()"),
        ("MsiAuthentication()", "ManagedIdentityCredential()"),
        ("InteractiveLoginAuthentication(tenant_id=tenant)", "InteractiveBrowserCredential(tenant_id=tenant)"),
        (
            'ServicePrincipalAuthentication(tenant, os.getenv("ID"), os.environ.get("SECRET"))',
            'ClientSecretCredential(tenant_id=tenant, client_id=os.getenv("ID"),'
            ' client_secret=os.environ.get("SECRET"))',
        ),
        ('ServicePrincipalAuthentication(tenant, "id", getpass())', "DefaultAzureCredential()"),
    ],
)
def test_the_credential_is_that_of_the_workspace(made: str, credential: str) -> None:
    text = flat(convert(_CODE.format(made=made)).text)
    assert flat(f"MLClient({credential}{_WHERE})") in text
    assert "ml_client.datastores.get_default().name" in text


def test_which_of_several_credentials_it_is_cannot_be_told() -> None:
    code = _CODE.format(made="AzureCliAuthentication()")
    several = code.replace("ws = ", 'if "CI" in os.environ:\n    auth = MsiAuthentication()\nws = ', 1)
    assert f"MLClient(DefaultAzureCredential(){_WHERE})" in flat(convert(several).text)
