"""Runs that the command line of SDK v1 submits, what becomes of their metadata, and other commands with options."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.files.converting import convert, told

_RUNCONFIG = "script: fit.py\narguments: []\nframework: Python\ntarget: cpu\nenvironment:\n  name: AzureML-Minimal\n"


def _migrated(folder: Path, call: str, name: str = "ci.sh", config: str = ".azureml/small.runconfig") -> str:
    """The commands of a script beside a run configuration."""
    (folder / config).parent.mkdir(exist_ok=True)
    (folder / config).write_text(_RUNCONFIG)
    (folder / name).write_text(call)
    reports = {report.path.name: report for report in run([folder], Settings())}
    report = reports[name]
    assert report.after is not None
    assert [path.name for path in reports[Path(config).name].created] == ["small.job.yml"]
    return report.after.decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "az ml run submit-script -c small -e first fit.py",
            "az ml job create --file small.job.yml --stream --set experiment_name=first\n",
        ),
        (
            "az ml run submit-script -c small --ct $(CLUSTER) -e first -g rg -w ws --async fit.py --rate 0.1\n",
            "az ml job create --file small.job.yml --resource-group rg --workspace-name ws "
            '--set experiment_name=first compute=azureml:$(CLUSTER) command="python fit.py --rate 0.1"\n',
        ),
        (
            "az ml run submit-script -c small -e first --source-directory code -t run.json other.py\n",
            "az ml job create --file small.job.yml --set experiment_name=first code=code "
            'command="python other.py" > run.json && az ml job stream --name "$(jq -r .name run.json)"\n',
        ),
    ],
)
def test_a_run_of_a_run_configuration_is_a_job(tmp_path: Path, before: str, after: str) -> None:
    assert _migrated(tmp_path, before).strip() == after.strip()


def test_the_run_that_made_a_model_is_found_in_its_metadata(tmp_path: Path) -> None:
    text = _migrated(
        tmp_path,
        "az ml run submit-script -c small -e first -t run.json fit.py\n"
        'az ml model register -n ridge -f run.json --asset-path "outputs/ridge.pkl" -t model.json\n',
    )
    assert text.splitlines()[1] == (
        'az ml model create --name ridge --path "azureml://jobs/$(jq -r .name run.json)/outputs/artifacts/paths/'
        'outputs/ridge.pkl" > model.json'
    )


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ci.sh", "az ml run submit-script -c other -e first fit.py\n"),
        ("ci.sh", "az ml run submit-script -c small --weird 3 fit.py\n"),
        ("ci.sh", 'bash -c "az ml run submit-script -c small -e first fit.py --rate 0.1"\n'),
        ("Makefile", "run:\n\taz ml run submit-script -c small -e first -t run.json fit.py\n"),
        ("ci.sh", 'az ml model register -n ridge -f run.json --asset-path "outputs/ridge.pkl" -t model.json\n'),
    ],
)
def test_what_cannot_be_said_in_a_command_stays(tmp_path: Path, name: str, call: str) -> None:
    text = _migrated(tmp_path, call, name)
    assert call.splitlines()[-1] in text.splitlines() and "TODO(amlbridge az-ml-v1)" in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "az ml computetarget attach aks -n kube -i /subscriptions/s/managedClusters/kube -g rg -w ws\n",
            "az ml compute attach --type Kubernetes --name kube --resource-id /subscriptions/s/managedClusters/kube "
            "--resource-group rg --workspace-name ws\n",
        ),
        ("az ml computetarget detach -n kube\n", "az ml compute detach --yes --name kube\n"),
        (
            "az ml computetarget create amlcompute -n cpu --vm-size S --max-nodes 2 --vm-priority lowpriority\n",
            "az ml compute create --type amlcompute --name cpu --size S --max-instances 2 --tier low_priority\n",
        ),
        ("az ml service run -n s -d @in.json\n", "az ml online-endpoint invoke --name s --request-file in.json\n"),
        (
            "az ml service run -n s -d '{\"data\": [1]}' -g rg\n",
            "printf '%s' '{\"data\": [1]}' > request.json && "
            "az ml online-endpoint invoke --name s --request-file request.json --resource-group rg\n",
        ),
        (
            "store=$(az ml datastore show-default $params --query name -o tsv)\n",
            "store=$(az ml datastore show --name workspaceblobstore $params --query name --output tsv)\n",
        ),
    ],
)
def test_commands_in_place(before: str, after: str) -> None:
    found = convert("ci.sh", before)
    assert found.text == after
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_a_call_that_goes_on_in_the_next_lines_of_a_key() -> None:
    text = "  - run: az ml folder attach -w ${{ secrets.WS }}\n        -g ${{ secrets.GROUP }}\n  - run: ls\n"
    found = convert(".github/workflows/ci.yml", text)
    assert found.text == (
        "  - run: az configure --defaults workspace=${{ secrets.WS }} group=${{ secrets.GROUP }}\n  - run: ls\n"
    )


def test_packages_of_the_extension_of_v2_are_left_alone() -> None:
    assert not told(convert("ci.sh", "az ml model package -n ridge -v 2 --file package.yml\n"))


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (
            "az ml datastore attach-blob -n raw -a acct -c box --account-key $KEY",
            ["type: azure_blob", "name: raw", "account_name: acct", "container_name: box", "account_key", "--file"],
        ),
        ("az ml computetarget create aks -n kube", ["az aks create", "az ml compute attach --type Kubernetes"]),
    ],
)
def test_what_needs_a_file_is_told_with_its_content(call: str, parts: list[str]) -> None:
    (found,) = convert("ci.sh", f"{call}\n").findings
    assert found.status is Status.MANUAL
    assert all(part in found.message for part in parts)
