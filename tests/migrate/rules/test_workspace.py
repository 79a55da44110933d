"""Workspaces and their clients."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert


def test_a_workspace_that_may_be_missing_is_asked_for() -> None:
    text = convert(
        """\
from azureml.core import Workspace

try:
    ws = Workspace.get("ml", subscription_id="s", resource_group="rg")
except Exception:
    ws = None
"""
    ).text
    assert "    ws.workspaces.get(ws.workspace_name)\nexcept" in text


def test_a_function_that_returns_a_workspace_asks_for_it() -> None:
    text = convert(
        """\
from azureml.core import Workspace

def connect():
    try:
        return Workspace.get("ml", subscription_id="s", resource_group="rg")
    except Exception:
        return None
"""
    ).text
    assert "        ml_client.workspaces.get(ml_client.workspace_name)\n        return ml_client\n" in text


@pytest.mark.parametrize(
    "made",
    ['Workspace("s", "rg", "ml", auth)', 'Workspace.get("ml", auth, "s", "rg")', "Workspace.from_config(None, auth)"],
)
def test_who_signs_in_may_be_given_by_its_place(made: str) -> None:
    found = convert(
        f"""\
from azureml.core import Workspace
from azureml.core.authentication import ServicePrincipalAuthentication

auth = ServicePrincipalAuthentication(tenant, client, secret)
ws = {made}
"""
    )
    assert "credential=auth" in found.text and "DefaultAzureCredential" not in found.text


def test_entries_of_the_details_are_attributes() -> None:
    text = convert(
        """\
from azureml.core import Workspace

ws = Workspace.from_config()
print(ws.get_details()["applicationInsights"])
"""
    ).text
    assert "print(ml_client.workspaces.get(ml_client.workspace_name).application_insights)" in text


def test_a_workspace_of_a_module_that_is_not_seen_stays_one() -> None:
    text = convert(
        """\
from azureml.core.compute import ComputeTarget
from authentication import ws

cluster = ComputeTarget(ws, "cpu")
"""
    ).text
    assert "MLClient(\n    DefaultAzureCredential(), ws.subscription_id, ws.resource_group, ws.name\n)" in text


def test_a_workspace_of_an_unknown_caller_is_for_review() -> None:
    conversion = convert(
        """\
from azureml.core.compute import ComputeTarget

def cluster(place):
    return ComputeTarget(place, "cpu")
"""
    )
    assert 'return place.compute.get("cpu")' in conversion.text
    assert any("place has to be an MLClient" in finding.message for finding in conversion.findings)


def test_two_workspaces_are_two_clients() -> None:
    text = convert(
        """\
from azureml.core import Workspace

ws = Workspace.from_config()
workspace = Workspace.from_config("other")
print(ws.name, workspace.name)
"""
    ).text
    assert "print(ml_client.workspace_name, workspace.workspace_name)" in text


def test_an_unknown_credential_is_for_review() -> None:
    findings = convert(
        """\
from azureml.core import Workspace

def connect(auth):
    return Workspace.get("ml", auth=auth, subscription_id="s", resource_group="rg")
"""
    ).findings
    assert any("what `auth` is cannot be told" in finding.message for finding in findings)


def test_inner_names_of_facts_are_those_of_the_client() -> None:
    text = convert(
        """\
from azureml.core import Workspace

ws = Workspace.from_config()
print(ws._workspace_name, ws._resource_group, ws._subscription_id)
"""
    ).text
    assert "print(\n    ml_client.workspace_name, ml_client.resource_group_name, ml_client.subscription_id\n)" in text


def test_the_file_of_a_configuration_has_a_name_of_its_own() -> None:
    code = "from azureml.core import Workspace\n\nconfig = {}\nWorkspace.from_config().write_config()\nprint(config)\n"
    assert " as config_2:" in convert(code).text


def test_an_annotation_in_quotes_names_the_client() -> None:
    check_transformed(
        """\
        from azureml.core import Workspace

        def first(workspace: "azureml.core.Workspace", name):
            return workspace.compute_targets[name]
        """,
        """\
        from azure.ai.ml import MLClient

        def first(workspace: "MLClient", name):
            return workspace.compute.get(name)
        """,
    )


def test_a_workspace_that_sdk_v1_looked_for_needs_its_address() -> None:
    for arguments in ('"ml"', '"ml", subscription_id=None, resource_group=None', 'name="ml", auth=None'):
        before = f"from azureml.core import Workspace\n\nws = Workspace.get({arguments})\n"
        conversion = convert(before)
        assert 'subscription_id="<subscription id>"' in conversion.text
        assert 'resource_group_name="<resource group>"' in conversion.text
        found = [finding.message for finding in conversion.findings if finding.status is Status.REVIEW]
        assert any("give the subscription and the resource group" in message for message in found)


def test_a_workspace_without_a_group_is_looked_for_in_the_subscription() -> None:
    text = convert('from azureml.core import Workspace\n\nws = Workspace.get("ml", subscription_id=mine)\n').text
    code = " ".join(text.split())
    assert "subscription_id=mine" in code and 'if item.name == "ml"' in code
    assert 'MLClient(DefaultAzureCredential(), mine).workspaces.list( scope="subscription" )' in code


@pytest.mark.parametrize(
    ("arguments", "folder", "file"),
    [
        ("", '".azureml"', '".azureml/config.json"'),
        ('path="."', '".azureml"', '".azureml/config.json"'),
        ('"../"', '"../.azureml"', '"../.azureml/config.json"'),
        ('path=".azureml"', '".azureml"', '".azureml/config.json"'),
        ('path="./aml_config", file_name="wine"', '"aml_config"', '"aml_config/wine.json"'),
        (
            "path=place",
            'os.path.join(place, ".azureml")',
            'os.path.join(os.path.join(place, ".azureml"), "config.json")',
        ),
    ],
)
def test_a_configuration_is_written_where_both_sdks_look_for_it(arguments: str, folder: str, file: str) -> None:
    text = convert(f"from azureml.core import Workspace\n\nWorkspace.from_config().write_config({arguments})\n").text
    flat = " ".join(text.split())
    assert f"os.makedirs({folder}, exist_ok=True)" in flat and f'with open({file}, "w") as config:' in flat


def test_a_parameter_that_is_called_workspace_may_be_a_name() -> None:
    text = convert(
        """
        from azureml.core import Workspace

        def connect(workspace, group, mine):
            where = {"subscription_id": mine, "resource_group": group}
            ws = Workspace.get(workspace, **where)
            return ws.name
        """
    ).text
    assert "workspace_name=workspace," in text and "resource_group_name=group," in text


@pytest.mark.parametrize(
    "signed_in",
    [
        "try:\n    who = ServicePrincipalAuthentication(TENANT, ID, SECRET)\nexcept KeyError:\n    who = None",
        "who = None\nif TENANT:\n    who = ServicePrincipalAuthentication(TENANT, ID, SECRET)",
        "who = ServicePrincipalAuthentication(TENANT, ID, SECRET) if TENANT else None",
    ],
)
@pytest.mark.parametrize("made", ["from_config(auth=who)", 'get("ml", who, "sub", "rg")'])
def test_nobody_who_signs_in_is_the_default_sign_in(signed_in: str, made: str) -> None:
    """SDK v1 took None; an MLClient raises ValueError."""
    text = convert(
        "from azureml.core import Workspace\n"
        "from azureml.core.authentication import ServicePrincipalAuthentication\n\n"
        f"{signed_in}\nws = Workspace.{made}\n"
    ).text
    assert "credential=who or DefaultAzureCredential()" in text


def test_a_parameter_without_a_default_sign_in_is_the_default_one() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.core.authentication import AzureCliAuthentication


def connect(auth: AzureCliAuthentication = None):
    return Workspace.from_config(auth=auth)
"""
    ).text
    assert "credential=auth or DefaultAzureCredential()" in text


def test_who_surely_signs_in_needs_no_default() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.core.authentication import AzureCliAuthentication

auth = None
auth = AzureCliAuthentication()
ws = Workspace.from_config(auth=auth)
"""
    ).text
    assert "credential=auth)" in text


@pytest.mark.parametrize("auth", ["signed_in", "AzureCliCredential()"])
def test_a_credential_of_azure_identity_stays_who_signs_in(auth: str) -> None:
    found = convert(
        f"""\
from azure.identity import AzureCliCredential
from azureml.core import Workspace

signed_in = AzureCliCredential(tenant_id="t")
ws = Workspace.from_config(auth={auth})
"""
    )
    assert f"ml_client = MLClient.from_config(credential={auth})" in found.text
    assert "DefaultAzureCredential" not in found.text
    assert not any("cannot be told" in finding.message for finding in found.findings)


@pytest.mark.parametrize(
    ("call", "name"), [("Workspace(**{})", "workspace_name"), ("Workspace.get(**{})", "name")], ids=["made", "got"]
)
@pytest.mark.parametrize("there", ["settings", 'settings["aml"]', "args.workspace"])
def test_the_address_of_a_workspace_is_read_of_a_dict_that_only_the_running_code_knows(
    call: str, name: str, there: str
) -> None:
    """SDK v1 wants these keys, too; the report says that a sign-in in the dict is not read."""
    head = "from azureml.core import Workspace\n\nsettings = json.load(open('aml.json'))\n"
    found = convert(f"{head}ws = {call.format(there)}\nprint(ws.name)\n")
    assert "azureml" not in found.text
    text = "".join(found.text.split())
    for keyword, key in (("subscription_id",) * 2, ("resource_group_name", "resource_group"), ("workspace_name", name)):
        assert f'{keyword}={there}["{key}"]' in text
    assert any("`auth`, is not read" in finding.message for finding in found.findings)


def test_a_dict_that_is_called_for_is_not_called_three_times() -> None:
    text = convert("from azureml.core import Workspace\n\nws = Workspace(**read_settings())\n").text
    assert "Workspace(**read_settings())" in text
