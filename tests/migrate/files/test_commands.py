"""Commands in scripts, Dockerfiles and CI files."""

from __future__ import annotations

import subprocess

import pytest

from amlbridge.migrate.files import az_ml
from amlbridge.migrate.findings import Status
from tests.migrate.files.converting import convert, told

SHORT = '"azure-ai-ml>=1.20" "azure-identity>=1.15"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pip install azureml-train==1.2 numpy\n", f"pip install {SHORT} numpy\n"),
        ("pip3 install -q numpy 'azureml-train[x]' && echo azureml-train\n",
         "pip3 install -q numpy 'azure-ai-ml>=1.20' 'azure-identity>=1.15' && echo azureml-train\n"),
        ("RUN pip install --no-cache-dir \\\n    numpy \\\n    azureml-train \\\n    pandas\n",
         f"RUN pip install --no-cache-dir \\\n    numpy \\\n    {SHORT} \\\n    pandas\n"),
        ("RUN pip install numpy \\\n    azureml-train \\\n    azureml-widgets\nENV A=1\n",
         f"RUN pip install numpy \\\n    {SHORT}\nENV A=1\n"),
        ("RUN pip install \\\n    azureml-widgets \\\n    numpy\n", "RUN pip install \\\n    numpy\n"),
        ("    - script: pip install azureml-train\n", f"    - script: pip install {SHORT}\n"),
        ("\tuv pip install azureml-train azureml-pipeline\n", f"\tuv pip install {SHORT}\n"),
        ("pip install azureml-widgets numpy\n", "pip install numpy\n"),
        ('RUN ["/bin/bash", "-c", "activate a && pip install azureml-train[x]==1.0"]\n',
         """RUN ["/bin/bash", "-c", "activate a && pip install 'azure-ai-ml>=1.20' 'azure-identity>=1.15'"]\n"""),
        ('bash -c "\n  # it\'s new\n  pip install azureml-train\n"\npip install azureml-train\n',
         """bash -c "\n  # it's new\n  pip install 'azure-ai-ml>=1.20' 'azure-identity>=1.15'\n"\n"""
         f"pip install {SHORT}\n"),
        ('a: 5" wide\nrun: \'pip install azureml-train\'\n', f'a: 5" wide\nrun: \'pip install {SHORT}\'\n'),
        ("bash -c 'pip install azureml-train'\n", f"bash -c 'pip install {SHORT}'\n"),
        ('git clone -b "azureml-sdk-1.0.10" here\npip install azureml-train\n',
         f'git clone -b "azureml-sdk-1.0.10" here\npip install {SHORT}\n'),
        ("echo a\npip install --upgrade azureml-widgets\necho b\n", "echo a\necho b\n"),
        ("sudo python3 -m pip install azureml-widgets\n", ""),
        ("RUN pip install -q azureml-widgets\n", "RUN true\n"),
        ("a && pip install -i https://example.org azureml-widgets && b\n", "a && true && b\n"),
        ("pip install -r requirements.txt azureml-widgets\n", "pip install -r requirements.txt\n"),
        ("pip install azureml-widgets .\n", "pip install .\n"),
        ("az extension add -n azure-cli-ml -y\n", "az extension add -n ml -y\n"),
        ("az ml folder attach -w ws -g rg\n", "az configure --defaults workspace=ws group=rg\n"),
        ('az ml computetarget create amlcompute -n cpu --min-nodes 0 --max-nodes 4 -s "$SIZE"\n',
         'az ml compute create --type amlcompute --name cpu --min-instances 0 --max-instances 4 --size "$SIZE"\n'),
        ("az ml service get-logs -n s -g rg\naz ml service delete --name s\n",
         "az ml online-deployment get-logs --name blue --endpoint-name s --resource-group rg\n"
         "az ml online-endpoint delete --yes --name s\n"),
        ("x=$(az ml service show -n $(NAME) -g $(GROUP)) && echo $x\n",
         "x=$(az ml online-endpoint show --name $(NAME) --resource-group $(GROUP)) && echo $x\n"),
        ("az ml service get-keys -n s -v\n", "az ml online-endpoint get-credentials --name s\n"),
        ("az ml model register --name=m -p outputs/m.pkl -g rg -w ws || exit 1\n",
         "az ml model create --name m --path outputs/m.pkl --resource-group rg --workspace-name ws || exit 1\n"),
        ("store=$(az ml datastore show-default -w ws --query name -o tsv)\n",
         "store=$(az ml datastore show --name workspaceblobstore --workspace-name ws --query name --output tsv)\n"),
        ('az ml workspace share -w $WS -g rg --role "Data Scientist" --user $who\n',
         'az role assignment create --assignee $who --role "Data Scientist" --scope '
         '"$(az ml workspace show --name $WS --resource-group rg --query id --output tsv)"\n'),
        ("az ml service show -n s --query scoringUri -o tsv\n",
         "az ml online-endpoint show --name s --query scoring_uri --output tsv\n"),
        ("az extension add -n azure-cli-ml\naz ml model download --model-id m:3 -t out --overwrite\n",
         "az extension add -n ml\naz ml model download --name m --version 3 --download-path out\n"),
        ("az extension add -n azure-cli-ml\naz ml model show -i ${id}\naz ml model delete -i $id\n",
         'az extension add -n ml\naz ml model show --name "${id%%:*}" --version "${id##*:}"\n'
         'az ml model archive --name "${id%%:*}" --version "${id##*:}"\n'),
        ("az extension add -n azure-cli-ml\naz ml workspace create --workspace ws -g rg --keyvault $vault\n",
         "az extension add -n ml\naz ml workspace create --name ws --resource-group rg --key-vault $vault\n"),
    ],
)  # fmt: skip
def test_commands_in_place(before: str, after: str) -> None:
    found = convert("ci.sh", before)
    assert found.text == after
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_what_a_shell_makes_of_the_new_words() -> None:
    """A bound must not be taken for a redirection."""
    found = convert("ci.sh", "pip install azureml-core\n")
    script = f"pip() {{ printf '%s\\n' \"$@\"; }}\n{found.text}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        *("install", "azure-ai-ml>=1.20", "azure-identity>=1.15", "mlflow>=2.8,<3", "azureml-mlflow>=1.56"),
    ]


def test_a_call_without_a_twin_gets_a_comment_once() -> None:
    text = "steps:\n  - run: |\n      echo hi\n      az ml run submit-script -c cpu train.py\n"
    found = convert(".github/workflows/ci.yml", text)
    lines = found.text.splitlines()
    assert lines[3].startswith("      # TODO(amlbridge az-ml-v1): write the run as a command job")
    assert lines[4] == "      az ml run submit-script -c cpu train.py"
    assert told(found) == [("az ml run submit-script", "manual", 4)]


def test_no_comment_inside_of_a_folded_text() -> None:
    text = "steps:\n  - script: >\n      az ml run submit-script\n      -c cpu train.py\n"
    lines = convert("ci.yml", text).text.splitlines()
    assert lines[1].startswith("  # TODO(amlbridge az-ml-v1)") and lines[2:] == text.splitlines()[1:]


def test_calls_of_the_extension_of_v2_are_left_alone() -> None:
    for call in ("az ml job create -f job.yml", "az ml workspace show -n ws", "az ml compute list", "az ml model list"):
        assert az_ml.convert(call, v1_cli=False) is None
    for call in (
        "az ml job create -f job.yml",
        "az ml workspace create --file w.yml",
        "az ml model show -n a --version 1",
    ):
        assert az_ml.convert(f"az ml {call}", v1_cli=True) is None
    found = az_ml.convert("az ml workspace show -w ws -g rg", v1_cli=True)
    assert found is not None and found.text == "az ml workspace show --name ws --resource-group rg"


def test_an_option_without_a_twin_is_not_dropped() -> None:
    found = az_ml.convert("az ml computetarget create amlcompute -n x --weird 3", v1_cli=False)
    assert found is not None and found.status is Status.MANUAL and found.text is None


@pytest.mark.parametrize("command", ["model register", "computetarget attach aks", "computetarget create amlcompute"])
def test_a_command_whose_options_stand_elsewhere_is_left(command: str) -> None:
    """A variable of a pipeline that has no more than the command: the options have other names in v2."""
    text = f"variables:\n  cli: az ml {command}\nsteps:\n  - script: $(cli) --name m $(more)\n"
    after = convert("ci.yml", text).text
    assert f"cli: az ml {command}\n" in after
    assert "# TODO(amlbridge az-ml-v1): use `az ml " in after and "mend its options where they stand" in after
