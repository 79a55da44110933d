"""Secrets of the workspace's vault."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Workspace\nws = Workspace.from_config()\nkv = ws.get_default_keyvault()\n"


def test_all_calls() -> None:
    text = convert(
        f'{HEAD}kv.set_secrets({{"a": "b"}})\nx = kv.get_secrets(["a"])\nn = kv.list_secrets()\nkv.delete_secret("a")\n'
    ).text
    assert '[kv.set_secret(name, value) for name, value in {"a": "b"}.items()]' in text
    assert 'x = {name: kv.get_secret(name).value for name in ["a"]}' in text
    assert 'n = [{"name": secret.name} for secret in kv.list_properties_of_secrets()]' in text
    assert text.endswith('kv.begin_delete_secret("a").result()\n')


def test_without_a_variable() -> None:
    head = "from azureml.core import Workspace\nws = Workspace.from_config()\n"
    text = convert(f'{head}s = ws.get_default_keyvault().get_secret("x")\n').text
    assert "azureml.core" not in text and "".join(text.split()).endswith('.get_secret("x").value)')


def test_the_vault_of_a_workspace_that_is_given() -> None:
    text = convert(
        "from azureml.core import Keyvault, Workspace\nws = Workspace.from_config()\nkv = Keyvault(ws)\n"
        'kv.set_secret("a", "b")\n'
    ).text
    assert "azureml.core" not in text and "kv = SecretClient(" in text and 'kv.set_secret("a", "b")' in text


SIGNED_IN = """\
from azureml.core import Workspace
from azureml.core.authentication import ServicePrincipalAuthentication

auth = ServicePrincipalAuthentication(tenant_id=t, service_principal_id=c, service_principal_password=s)
ws = Workspace.get(name="w", auth=auth, subscription_id="a", resource_group="b")
"""


@pytest.mark.parametrize(
    ("code", "credential"),
    [
        ("kv = ws.get_default_keyvault()\n", "auth"),
        ("def kv():\n    return ws.get_default_keyvault()\n", "auth"),
        ("auth = None\nkv = ws.get_default_keyvault()\n", "DefaultAzureCredential()"),
        ("def kv(ws):\n    return ws.get_default_keyvault()\n\n\nkv(ws)\n", "DefaultAzureCredential()"),
    ],
)
def test_who_signs_in_to_the_workspace_signs_in_to_its_vault(code: str, credential: str) -> None:
    text = "".join(convert(SIGNED_IN + code).text.split())
    assert f'.key_vault.rsplit("/",1)[-1]),credential={credential},)' in text
