"""The workspace of a run: ``run.experiment.workspace`` becomes a client that is made from the job's variables.

Every job has the variables ``AZUREML_ARM_SUBSCRIPTION``, ``AZUREML_ARM_RESOURCEGROUP`` and
``AZUREML_ARM_WORKSPACE_NAME``. ``DefaultAzureCredential`` signs in as the identity of the compute; with user identity
it is ``AzureMLOnBehalfOfCredential`` of azure.ai.ml.identity. In SDK v1 the run itself could sign in, so the identity
has to be given access to the workspace: the finding says so.

``run.get_secret`` asks the workspace's key vault.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.mixtures.either import either_client
from amlbridge.migrate.mixtures.new_clients import client, has_only_facts, new_client
from amlbridge.migrate.models.runs.offline import probe
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import CLIENT, Rewriter
from amlbridge.migrate.text.above import shared

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\n"
_CLIENT = """\
ml_client = MLClient(
    credential=DefaultAzureCredential(),
    subscription_id=os.environ["AZUREML_ARM_SUBSCRIPTION"],
    resource_group_name=os.environ["AZUREML_ARM_RESOURCEGROUP"],
    workspace_name=os.environ["AZUREML_ARM_WORKSPACE_NAME"],
)
"""
_IMPORTS = "import os\nfrom azure.ai.ml import MLClient\nfrom azure.identity import DefaultAzureCredential\n"

rule = Rule(
    "run-workspace",
    __doc__,
    cases=[
        Case(
            _HEAD + "ws = run.experiment.workspace\nprint(ws.location)\n",
            _IMPORTS + "\n" + _CLIENT + "print(ml_client.workspaces.get(ml_client.workspace_name).location)\n",
        ),
        Case(
            _HEAD + "ws = run.experiment.workspace\nprint(ws.name, ws._subscription_id)\n",
            'import os\n\nprint(os.environ["AZUREML_ARM_WORKSPACE_NAME"], os.environ["AZUREML_ARM_SUBSCRIPTION"])\n',
            "What the variables tell",
        ),
        Case(
            _HEAD + 'key = run.get_secret(name="key")\n',
            _IMPORTS
            + "from azure.keyvault.secrets import SecretClient\n\n"
            + _CLIENT
            + 'key_vault = ml_client.workspaces.get(ml_client.workspace_name).key_vault.split("/")[-1]\n'
            + 'secret_client = SecretClient(\n    vault_url=f"https://{key_vault}.vault.azure.net",\n'
            + '    credential=DefaultAzureCredential(),\n)\nkey = secret_client.get_secret("key").value\n',
            "Secrets",
        ),
    ],
)

ACCESS = "assumed that the identity of the job (of its compute, or its user) has access to the workspace"


@rule.converts("ContextExperiment.workspace")
def workspace(use: Use, to: Rewriter) -> Outcome:
    """A client of the workspace that the job runs in, where more is asked than the job's variables tell."""
    if (either := of_either(use, to)) is not None:
        return either
    asks = probe(use, to)
    if use.is_assigned and has_only_facts(use.node, to):
        return Statements(asks)
    if _is_value(use):
        return Replace(new_client(to), ACCESS)
    if asks:
        to.before(use.statement, asks)
    return Replace(client(use, to), ACCESS)


def of_either(use: Use, to: Rewriter) -> Replace | None:
    """The client of an experiment that is that of the job or one that the code makes; None for any other."""
    if not _is_value(use) and to.visible_client(use.node) is not None:
        return None
    found = either_client(use, to)
    if found is None:
        return None
    code, assumed = found
    made = code if _is_value(use) else shared(use.node, to, CLIENT, lambda: code)
    return Replace(made, together([ACCESS, assumed]))


def _is_value(use: Use) -> bool:
    """Whether the workspace is what a statement assigns or returns: then the client is made in its place."""
    node: ast.AST = use.node
    for around in use.evaluator.scopes.ancestors(use.node):
        if isinstance(around, (ast.Assign, ast.AnnAssign, ast.Return)):
            return True
        if not (isinstance(around, ast.IfExp) and node is not around.test):
            return False
        node = around
    return False


@rule.converts("RunContext.get_secret")
def get_secret(use: Use, to: Rewriter) -> Outcome:
    """A secret of the workspace's key vault."""
    name = use.argument("name", position=0)
    if name is None:
        return Leave("the name of the secret cannot be told")
    return Replace(f"{_secrets(use, to)}.get_secret({to.source(name)}).value", ACCESS.replace("workspace", "key vault"))


@rule.converts("RunContext.get_secrets")
def get_secrets(use: Use, to: Rewriter) -> Outcome:
    """Several secrets, by their names."""
    names = use.argument("secrets", position=0)
    if names is None:
        return Leave("the names of the secrets cannot be told")
    secrets = _secrets(use, to)
    code = f"{{name: {secrets}.get_secret(name).value for name in {to.source(names)}}}"
    return Replace(code, ACCESS.replace("workspace", "key vault"))


def _secrets(use: Use, to: Rewriter) -> str:
    ml_client = client(use, to)
    vault = shared(
        use.node,
        to,
        "key_vault",
        lambda: f'{ml_client}.workspaces.get({ml_client}.workspace_name).key_vault.split("/")[-1]',
    )
    credential = to.need("azure.identity", "DefaultAzureCredential")
    maker = to.need("azure.keyvault.secrets", "SecretClient")
    url = f'f"https://{{{vault}}}.vault.azure.net"'
    return shared(use.node, to, "secret_client", lambda: f"{maker}(vault_url={url}, credential={credential}())")
