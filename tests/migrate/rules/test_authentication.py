"""Credentials."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert


@pytest.mark.parametrize(
    "given",
    [
        "TENANT, ID, SECRET",
        "tenant_id=TENANT, username=ID, password=SECRET",
        "TENANT, service_principal_id=ID, service_principal_password=SECRET",
    ],
)
def test_a_service_principal_is_named_in_new_and_old_words(given: str) -> None:
    """Old versions of SDK v1 called it a user with a password."""
    check_transformed(
        "from azureml.core.authentication import ServicePrincipalAuthentication\n\n"
        f"auth = ServicePrincipalAuthentication({given})\n",
        "from azure.identity import ClientSecretCredential\n\n"
        "auth = ClientSecretCredential(tenant_id=TENANT, client_id=ID, client_secret=SECRET)\n",
    )


@pytest.mark.parametrize("kind", ["AzureCliAuthentication", "InteractiveLoginAuthentication", "MsiAuthentication"])
def test_the_token_of_a_credential_is_one_of_the_resource_manager(kind: str) -> None:
    """SDK v1 gave this one, whatever it was asked for; a credential of azure.identity wants a scope."""
    head = f"from azureml.core.authentication import {kind}\n\nauth = {kind}()\n"
    arm = "https://management.azure.com/.default"
    plain = convert(f"{head}print(auth.get_token().token)\n")
    assert f'print(auth.get_token("{arm}").token)' in plain.text and "azureml" not in plain.text
    named = convert(f'{head}print(auth.get_token("{arm}").expires_on)\n')
    assert f'auth.get_token("{arm}").expires_on' in named.text
    assert {finding.status for finding in named.findings} == {Status.CONVERTED}
    other = convert(f"{head}print(auth.get_token(SCOPE).token)\n")
    assert "auth.get_token(SCOPE).token" in other.text
    assert any("whatever scope" in finding.message for finding in other.findings)


ANY = """\
from typing import Optional
from azureml.core import Workspace
from azureml.core.authentication import AbstractAuthentication, AzureCliAuthentication, MsiAuthentication

def sign_in(in_cloud) -> AbstractAuthentication:
    if in_cloud:
        return MsiAuthentication()
    auth = AzureCliAuthentication()
    auth.get_authentication_header()
    return auth

def workspace(auth: Optional[AbstractAuthentication] = None) -> Workspace:
    return Workspace.from_config(auth=auth)

def token(auth: AbstractAuthentication):
    return auth.get_authentication_header()["Authorization"]

ws = workspace(sign_in(False))
"""


def test_annotations_with_any_credential() -> None:
    text = convert(ANY).text
    assert "azureml" not in text and text.count("TokenCredential") == 4
    assert "credential=auth or DefaultAzureCredential()" in text
    assert '\n    auth.get_token("https://management.azure.com/.default")\n' in text


def test_a_class_of_ones_own_that_signs_in_stays() -> None:
    head = "from azureml.core.authentication import AbstractAuthentication\n\n"
    found = convert(f"{head}class Mine(AbstractAuthentication):\n    pass\n")
    assert "class Mine(AbstractAuthentication):" in found.text
