"""What is said of symbols of SDK v1 that no rule converts."""

from __future__ import annotations

import re

import pytest

from amlbridge.migrate import documents
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.findings import Status
from amlbridge.migrate.no_equivalent import way_out, ways_out, without_rule
from amlbridge.migrate.registry import handlers
from amlbridge.migrate.signatures.table import v1_table, v2_table
from amlbridge.migrate.ways_out.packages import PACKAGES
from tests.migrate.rules.support import convert

#: Names of SDK v2 in a text: "azure.ai.ml.entities.Data", "ml_client.jobs.get".
_NAMES = re.compile(r"\bazure\.ai\.ml(?:\.\w+)+|\bml_client\.\w+(?:\.\w+)?")


def test_every_symbol_has_a_rule_or_a_way_out() -> None:
    left = [row.path for row in documents.rows() if row.rule is None and not row.advice]
    assert left == []


def test_the_ways_out_are_of_symbols_that_are_there() -> None:
    names = {path.rpartition(".")[2] for path in v1_table().entries}
    unknown = {part for symbol in ways_out() for part in symbol.split(".") if part not in names and part != "*"}
    # A type of the analysis, and constants, which the table has not.
    assert unknown == {"DatasetFactory", "AKS_WEBSERVICE_TYPE", "ACI_WEBSERVICE_TYPE"}


def test_the_names_of_sdk_v2_in_the_ways_out_exist() -> None:
    table = v2_table()
    client = "azure.ai.ml.MLClient"
    wrong = set()
    for text in {*ways_out().values(), *PACKAGES.values()}:
        for name in _NAMES.findall(text):
            if name.startswith("azure."):
                found = table.canonical(name) is not None
            else:
                _, operations, *method = name.split(".")
                entry = table.entries.get(f"{client}.{operations}")
                found = entry is not None and (
                    not method or any(table.member(kind, method[0]) is not None for kind in entry.gives)
                )
                found = found or operations in ("workspace_name", "subscription_id", "resource_group_name")
            if not found:
                wrong.add(name)
    assert wrong == set()


@pytest.mark.parametrize(
    ("symbol", "module", "words"),
    [
        ("DatabricksStep", "", "Databricks REST API"),
        ("DatabricksStep.create_node", "", "@dsl.pipeline"),
        ("Environment.build_local", "", "docker build"),
        ("AmlCompute.refresh_state", "", "anew"),
        ("MimicWrapper.explain", "azureml.interpret.MimicWrapper", "interpret-community"),
        ("Anything", "azureml.contrib.fairness.Anything", "fairlearn"),
        ("Workspace._auth_object", "", "inner part"),
        ("Dataset.partition_by", "", "with pandas"),
        ("Parameters", "azureml.train.automl.runtime._many_models.parameters", "many-models"),
        ("RunClient", "azureml.train.automl._hidden.RunClient", "inner part"),
        ("WorkspaceClient", "azureml._restclient.workspace_client", "inner part"),
    ],
)
def test_the_nearest_way_out_counts(symbol: str, module: str, words: str) -> None:
    assert words in (way_out(symbol, module) or "")


def test_a_slip_of_the_pen_is_no_symbol_without_equivalent() -> None:
    assert way_out("Workspace.subsription_id") is None


def test_a_symbol_without_equivalent_is_left_with_the_way_out() -> None:
    conversion = convert("""\
        from azureml.contrib.fairness import make_dashboard

        make_dashboard({})
        """)
    (finding,) = conversion.findings
    assert (finding.rule, finding.status) == ("no-equivalent", Status.NO_EQUIVALENT)
    assert "# TODO(amlbridge no-equivalent): SDK v2 has no make_dashboard: " in conversion.text


def test_the_module_is_told_through_variables() -> None:
    conversion = convert("""\
        import azureml.interpret as ai
        from azureml.interpret import MimicWrapper as Wrapper

        wrapper = Wrapper(1)
        wrapper.explain()


        def show(other: Wrapper):
            other.explain()
        """)
    assert [finding.symbol for finding in conversion.findings].count("MimicWrapper.explain") == 2
    assert all("interpret-community" in finding.message for finding in conversion.findings)


def test_no_way_out_is_hidden_by_a_rule() -> None:
    members = (symbol.partition(".") for symbol in ways_out())
    hidden = {
        f"{owner}.{member}"
        for owner, _, member in members
        if member and any(f"{cls}.{member}" in handlers() for cls in lineage(owner))
    }
    assert hidden == set()


def test_what_comes_from_a_library_beside_sdk_v1_is_has_one_comment_and_stays() -> None:
    found = convert(
        """\
        import azureml.dataprep as dprep
        from azureml.core import Workspace

        ws = Workspace.from_config()
        first = dprep.auto_read_file("a.csv")
        second = dprep.auto_read_file("b.csv")
        """
    )
    told = [finding for finding in found.findings if finding.symbol == "auto_read_file"]
    assert {finding.status for finding in told} == {Status.NO_EQUIVALENT}
    assert [finding.line for finding in told] == [5, 6] and found.text.count("# TODO(amlbridge") == 1
    assert 'second = dprep.auto_read_file("b.csv")' in found.text and "import azureml.dataprep as dprep" in found.text
    assert "azureml.core" not in found.text


def test_what_sdk_v1_has_not_is_told_so() -> None:
    found = {
        member: without_rule(f"TabularDataset.{member}" if member == "pop" else f"Workspace.{member}").message
        for member in ("pop", "subsription_id")
    }
    assert found == {
        "pop": "SDK v1 has no TabularDataset.pop: a data frame may be meant: to_pandas_dataframe()",
        "subsription_id": "SDK v1 has no Workspace.subsription_id: is it a slip of the pen?",
    }


def test_a_slip_of_the_pen_keeps_nothing_else() -> None:
    text = """\
from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
env = Environment.from_conda_specification("night", "conda.yml")
config = InferenceConfig(entry_script="score.py", environment=env)
small = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
service = Model.deploy(ws, "serve", [Model(ws, "night")], config, small)
print(service.state)
print(service.score_address)
"""
    conversion = convert(text)
    assert "azureml" not in conversion.text.replace("mcr.microsoft.com/azureml", "").replace("TODO(amlbridge", "")
    assert "print(service.score_address)" in conversion.text
    by_hand = [(f.symbol, f.line, f.rule) for f in conversion.findings if f.status is Status.MANUAL]
    assert by_hand == [("Webservice.score_address", 11, "unknown-symbol")]


@pytest.mark.parametrize("made", ['ws.datasets["x"]', 'Dataset.get_by_name(ws, "x")'])
def test_a_slip_on_what_is_looked_up_keeps_nothing_else(made: str) -> None:
    text = f"from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\ndata = {made}\n"
    found = convert(text + "print(list(data.colums))\n")
    assert found.text.endswith("print(list(data.colums))\n") and "azureml" not in found.text.replace(
        "TODO(amlbridge", ""
    )


def test_what_a_slip_of_the_pen_is_given_stays_with_it() -> None:
    text = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
data = Dataset.get_by_name(ws, "rows")
data.registered(Dataset.get_by_name(ws, "columns"))
"""
    assert 'registered(Dataset.get_by_name(ws, "columns"))' in convert(text).text


@pytest.mark.parametrize("made", ["from_delimited_files", "auto_read_files", "from_parquet_files", "from_json_files"])
def test_what_is_made_of_a_dataset_of_the_first_versions_stays_with_it(made: str) -> None:
    text = f"""\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
data = Dataset.{made}("https://example.org/rows")
data = data.register(ws, "rows", exist_ok=True)
print(data.to_pandas_dataframe(), ws.get_default_datastore().name)
"""
    conversion = convert(text)
    assert 'data = data.register(ws, "rows", exist_ok=True)' in conversion.text
    assert "ws = Workspace.from_config()" in conversion.text
    assert "ml_client.datastores.get_default().name" in conversion.text
    left = {finding.symbol for finding in conversion.findings if finding.status is not Status.CONVERTED}
    assert {f"Dataset.{made}", "Dataset.register", "Dataset.to_pandas_dataframe"} <= left


def test_the_preview_of_components_stays_with_its_workspace() -> None:
    """Its objects take SDK v1's workspaces; its Pipeline is none of azureml.pipeline."""
    code = """\
from azure.ml.component import Component, Pipeline, dsl
from azureml.core import Workspace

ws = Workspace.from_config()
clean, train = Component.batch_load(ws, selectors=["clean:1", "train:2"])
score = Component.load(ws, name="score")


@dsl.pipeline(name="monthly", default_compute_target="cpu")
def monthly(raw):
    return score(model=train(data=clean(raw=raw).outputs.data).outputs.model).outputs


job = Pipeline(nodes=[score(model="a")], name="again")
"""
    found = convert(code)
    told = [finding.symbol for finding in found.findings if finding.status is Status.NO_EQUIVALENT]
    assert told == ["Component.batch_load", "Component.load", "pipeline", "Pipeline"]
    assert "ml_client" not in found.text.replace("ml_client.components.get", "")
