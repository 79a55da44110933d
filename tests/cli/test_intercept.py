"""`--intercept`: scripts with hardcoded Azure hosts and service principals run unchanged."""

from __future__ import annotations

import pytest

from tests.support.command import Command, python_with

pytestmark = pytest.mark.slow

_TENANT = "abcdef01-2222-3333-4444-555555555555"
_PRINCIPAL = {"AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s", "AZURE_TENANT_ID": _TENANT}


def _lines(text: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def test_service_principals_sign_in(shared: Command) -> None:
    shared.write(
        "login.py",
        """
        import jwt, requests
        from azure.ai.ml import MLClient
        from azure.identity import ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential
        from azureml.core import Workspace
        from azureml.core.authentication import ServicePrincipalAuthentication
        tenant = "0abcdef0-2222-3333-4444-555555555555"
        def tid(token):
            return jwt.decode(token, options={"verify_signature": False})["tid"]
        auth = ServicePrincipalAuthentication(tenant, "client", "secret")
        ws = Workspace("22222222-2222-2222-2222-222222222222", "rg", "ws", auth=auth)
        print("v1", ws.name, tid(auth.get_token().token))
        secret = ClientSecretCredential(tenant, "client", "secret")
        print("secret", tid(secret.get_token("https://management.azure.com/.default").token))
        print("environment", tid(EnvironmentCredential().get_token("https://x/.default").token))
        print("default", tid(DefaultAzureCredential().get_token("https://x/.default").token))
        print("v2", MLClient(secret, ws.subscription_id, "rg", "ws").workspaces.get("ws").name)
        base = f"https://login.microsoftonline.com/{tenant}/oauth2"
        form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s", "resource": "https://r/"}
        answer = requests.post(f"{base}/token", data=form).json()
        print("old", answer["resource"], answer["token_type"], int(answer["expires_in"]) > 3600)
        arm = f"https://management.azure.com/subscriptions/{ws.subscription_id}/resourceGroups?api-version=2021-04-01"
        print("arm", requests.get(arm, headers={"Authorization": "Bearer " + answer["access_token"]}).status_code)
        print("stranger", requests.get(arm).status_code)
        print("person", requests.post(f"{base}/v2.0/devicecode", data={"client_id": "c"}).status_code,
              requests.get(f"{base}/v2.0/authorize").status_code)
        for name, change in {"password": {"grant_type": "password"}, "anonymous": {"client_secret": ""},
                             "scope": {"scope": "a b"}}.items():
            answer = requests.post(f"{base}/v2.0/token", data={**form, **change})
            print(name, answer.status_code, answer.json()["error"])
        """,
    )
    done = shared("run", "--intercept", "login.py", env={**shared.environment, **_PRINCIPAL})
    lines = _lines(done.stdout)
    own = "0abcdef0-2222-3333-4444-555555555555"
    assert lines["v1"] == f"ws {own}"
    assert lines["secret"] == own
    assert lines["environment"] == lines["default"] == _TENANT
    assert lines["v2"] == "ws"
    assert lines["old"] == "https://r/ Bearer True"
    assert (lines["arm"], lines["stranger"]) == ("200", "401")
    assert lines["person"] == "501 501"
    assert lines["password"] == "400 unsupported_grant_type"
    assert lines["anonymous"] == "401 invalid_client"
    assert lines["scope"] == "400 invalid_scope"


def test_a_service_principals_runs_get_the_environments_of_the_session(shared: Command) -> None:
    shared.write(
        "claims.py",
        """
        import jwt
        from azure.identity import ClientSecretCredential
        from azureml.core.authentication import ServicePrincipalAuthentication
        tenant = "0abcdef0-2222-3333-4444-555555555555"
        tokens = (ServicePrincipalAuthentication(tenant, "client", "secret").get_token().token,
                  ClientSecretCredential(tenant, "c", "s").get_token("https://management.azure.com/.default").token)
        print([jwt.decode(token, options={"verify_signature": False}).get("environments") for token in tokens])
        """,
    )
    assert shared("run", "--intercept", "--environments", "uv", "claims.py").stdout == "['uv', 'uv']\n"
    assert shared("run", "--intercept", "claims.py").stdout == "[None, None]\n"


def test_secrets_of_any_vault(shared: Command) -> None:
    python = python_with("azure.keyvault.secrets")
    shared.write(
        "vault.py",
        """
        from azure.core.exceptions import ResourceNotFoundError
        from azure.identity import ClientSecretCredential, DefaultAzureCredential
        from azure.keyvault.secrets import SecretClient
        principal = ClientSecretCredential("0abcdef0-2222-3333-4444-555555555555", "c", "s")
        for credential in (principal, DefaultAzureCredential()):
            client = SecretClient("https://mine.vault.azure.net/", credential)
            made = client.set_secret("Name", "value", tags={"a": "b"})
            print(client.get_secret("name").value, client.get_secret("name", made.properties.version).properties.tags)
            print([item.name for item in client.list_properties_of_secrets()])
            versions = [item.version for item in client.list_properties_of_secret_versions("name")]
            print(versions == [made.properties.version], client.begin_delete_secret("name").result().name)
            try:
                client.get_secret("name")
            except ResourceNotFoundError as error:
                print(error.error.code)
        """,
    )
    done = shared("run", "--intercept", "--python", python, "vault.py")
    assert done.stdout.splitlines() == ["value {'a': 'b'}", "['Name']", "True Name", "SecretNotFound"] * 2


def test_hardcoded_storage_accounts_and_vaults(shared: Command) -> None:
    folder = shared.home.blobs / "userdata" / "raw"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text("a,b\n3,4\n")
    shared.write(
        "hosts.py",
        """
        import requests
        from azure.core.exceptions import ResourceNotFoundError
        from azure.storage.blob import BlobServiceClient
        from azure.storage.fileshare import ShareClient
        from azureml.core import Dataset, Datastore, Workspace
        ws = Workspace.from_config()
        service = BlobServiceClient("https://userdata.blob.core.windows.net", credential="a2V5")
        raw = service.get_container_client("raw")
        print("read", raw.download_blob("table.csv").readall())
        new = service.get_container_client("made")
        print("before", new.exists())
        new.upload_blob("x/y.txt", b"hello")
        print("after", new.exists(), [item.name for item in new.list_blobs()])
        try:
            new.upload_blob("x/y.txt", b"again")
        except Exception as error:
            print("twice", type(error).__name__)
        try:
            raw.download_blob("none.csv")
        except ResourceNotFoundError:
            print("missing yes")
        frame = Dataset.Tabular.from_delimited_files("https://userdata.blob.core.windows.net/raw/table.csv")
        print("rslex", frame.to_pandas_dataframe().values.tolist())
        share = ShareClient("https://userdata.file.core.windows.net", "share", credential="a2V5")
        share.create_share()
        share.get_file_client("f.txt").upload_file(b"in a share")
        print("share", share.get_file_client("f.txt").download_file().readall())
        # The same account registered as a datastore is the same data.
        store = Datastore.register_azure_blob_container(ws, "mine", "raw", "userdata", account_key="a2V5")
        print("datastore", Dataset.Tabular.from_delimited_files((store, "table.csv")).to_pandas_dataframe().shape)
        vault = ws.get_details()["keyVault"].rsplit("/", 1)[1]
        ws.get_default_keyvault().set_secret("token", "s3cret")
        url = f"https://{vault}.vault.azure.net/secrets/token?api-version=7.4"
        first = requests.get(url)
        # With a tenant in it a credential of another one would refuse to answer.
        where = 'authorization="https://login.microsoftonline.com",'
        print("challenge", first.status_code, where in first.headers["WWW-Authenticate"])
        from azure.identity import DefaultAzureCredential
        token = DefaultAzureCredential().get_token("https://vault.azure.net/.default").token
        headers = {"Authorization": f"Bearer {token}"}
        print("vault", requests.get(url, headers=headers).json()["value"])
        other = "https://elsewhere.vault.azure.net/secrets"
        requests.put(f"{other}/k?api-version=7.4", headers=headers, json={"value": "v"}).raise_for_status()
        print("elsewhere", requests.get(f"{other}/k/", headers=headers).json()["value"],
              len(requests.get(other, headers=headers).json()["value"]),
              requests.delete(f"{other}/k", headers=headers).status_code,
              requests.get(f"{other}/k", headers=headers).status_code)
        """,
    )
    done = shared("run", "--intercept", "hosts.py")
    lines = _lines(done.stdout)
    assert lines["read"] == "b'a,b\\n3,4\\n'"
    assert lines["before"] == "False"
    assert lines["after"] == "True ['x/y.txt']"
    assert lines["twice"] == "ResourceExistsError"
    assert lines["rslex"] == "[[3, 4]]"
    assert lines["share"] == "b'in a share'"
    assert lines["datastore"] == "(1, 2)"
    assert lines["challenge"] == "401 True"
    assert lines["vault"] == "s3cret"
    assert lines["elsewhere"] == "v 1 200 404"
    assert (shared.home.blobs / "userdata/made/x/y.txt").read_bytes() == b"hello"
    assert f"raw/none.csv is not there: put it into {folder}" in done.stderr


def test_other_hosts_are_reached_only_when_the_user_says_so(shared: Command) -> None:
    shared.write(
        "other.py",
        """
        import requests
        try:
            requests.get("https://example.invalid/", timeout=20)
        except requests.RequestException as error:
            print("stopped" if "amlbridge stopped" in str(error) else "tried")
        """,
    )
    done = shared("run", "--intercept", "other.py")
    assert done.stdout == "stopped\n"
    assert "--allow-host example.invalid" in done.stderr
    for option in (("--allow-network",), ("--allow-host", "example.invalid")):
        assert shared("run", "--intercept", *option, "other.py").stdout == "tried\n"


def test_azure_hosts_that_are_not_served_stay_stopped(shared: Command) -> None:
    shared.write("graph.py", "import requests; requests.get('https://graph.microsoft.com/v1.0/me', timeout=20)")
    done = shared("run", "--intercept", "graph.py", code=86)
    assert "stopped the connection to graph.microsoft.com" in done.stderr


def test_steps_of_an_intercepting_run_and_no_others(shared: Command) -> None:
    url = "https://stepdata.blob.core.windows.net/c/f"
    shared.write("acct/steps/call.py", f"import requests; print(requests.get({url!r}).text)")
    shared.write("acct/steps/read.py", "import sys, pathlib; print(pathlib.Path(sys.argv[1]).read_text())")
    (shared.home.blobs / "stepdata/c").mkdir(parents=True)
    (shared.home.blobs / "stepdata/c/f").write_text("for the step")
    shared.write(
        "step.py",
        """
        import sys
        from azureml.core import Dataset, Experiment, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep
        ws = Workspace.from_config()
        cluster = ComputeTarget.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))
        common = {"source_directory": "acct/steps", "compute_target": cluster, "allow_reuse": False}
        steps = [PythonScriptStep("call.py", name="caller", **common)]
        if "mount" in sys.argv:
            data = Dataset.File.from_files("https://stepdata.blob.core.windows.net/c/f").as_named_input("x").as_mount()
            steps.append(PythonScriptStep("read.py", arguments=[data], name="reader", **common))
        run = Experiment(ws, "intercepted").submit(Pipeline(ws, steps))
        print(run.wait_for_completion(show_output=False, raise_on_error=False))
        print([item.get_stdout_log() for item in run.get_steps()])
        """,
    )
    assert shared("run", "--intercept", "step.py", "mount").stdout.count("for the step") == 2
    done = shared("run", "step.py")
    assert "Failed" in done.stdout
    assert "stopped a step's connection to stepdata.blob.core.windows.net" in done.stderr
