"""Credentials."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import check_transformed


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
