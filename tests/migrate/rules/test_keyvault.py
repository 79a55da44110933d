"""Secrets of the workspace's vault."""

from __future__ import annotations

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
