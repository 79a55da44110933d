"""Deployment configurations of v1, and the command that deploys with them."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

INFERENCE = "entryScript: score.py\nruntime: python\ncondaFile: ../conda.yml\nsourceDirectory:\n"
ACI = "computeType: ACI\ncontainerResourceRequirements:\n  cpu: 1\n  memoryInGB: 4\n"
AKS = (
    "computeType: AKS\nautoScaler:\n  autoscaleEnabled: True\nauthEnabled: True\nappInsightsEnabled: True\n"
    "containerResourceRequirements:\n  cpu: 6\n  memoryInGB: 2\nnumReplicas: 3\nscoringTimeoutMs: 5000\n"
    "maxConcurrentRequestsPerContainer: 2\n"
)
CI = """\
steps:
  - script: |
      az ml model deploy --name $(NAME) --model '$(MODEL):$(VERSION)' \\
      --ic inference_config.yml \\
      --dc deployment_config_aci.yml \\
      -g $(GROUP) --workspace-name $(WS) \\
      --overwrite -v
"""


def _project(folder: Path) -> None:
    scoring = folder / "scoring"
    scoring.mkdir()
    (folder / "conda.yml").write_text("dependencies: [python=3.10]\n")
    (scoring / "score.py").write_text("def init():\n    pass\n")
    (scoring / "inference_config.yml").write_text(INFERENCE)
    (scoring / "deployment_config_aci.yml").write_text(ACI)
    (scoring / "deployment_config_aks.yml").write_text(AKS)
    (folder / "ci.yml").write_text(CI)


def test_a_deployment_is_written_that_the_client_reads(tmp_path: Path) -> None:
    from azure.ai.ml import load_online_deployment  # two seconds, which only this test needs

    _project(tmp_path)
    reports = {report.path.name: report for report in run([tmp_path], Settings())}
    for name, size, count in (("aci", "Standard_DS2_v2", 1), ("aks", "Standard_DS4_v2", 3)):
        report = reports[f"deployment_config_{name}.yml"]
        path = tmp_path / "scoring" / f"deployment_config_{name}.deployment.yml"
        path.write_bytes(report.created[path])
        found = load_online_deployment(path, params_override=[{"endpoint_name": "e"}])
        assert (found.name, found.instance_type, found.instance_count) == ("blue", size, count)
        assert found.code_configuration.scoring_script == "score.py"
        assert found.environment.conda_file["dependencies"] == ["python=3.10"]
    assert found.request_settings.request_timeout_ms == 5000 and found.app_insights_enabled
    told = " ".join(finding.message for finding in reports["deployment_config_aks.yml"].findings)
    assert "autoscaling is a rule of Azure Monitor" in told
    assert reports["deployment_config_aci.yml"].before == reports["deployment_config_aci.yml"].after


def test_the_command_names_the_file(tmp_path: Path) -> None:
    _project(tmp_path)
    report = next(report for report in run([tmp_path], Settings()) if report.path.name == "ci.yml")
    endpoint, deployment = report.after.decode().splitlines()[-1].strip().split(" && ")
    assert endpoint == "az ml online-endpoint create --name $(NAME) --resource-group $(GROUP) --workspace-name $(WS)"
    assert deployment == (
        "az ml online-deployment create --name blue --endpoint-name $(NAME) "
        "--file deployment_config_aci.deployment.yml --set model='azureml:$(MODEL):$(VERSION)' --all-traffic "
        "--resource-group $(GROUP) --workspace-name $(WS)"
    )


def test_without_an_inference_configuration_the_command_stays(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "scoring" / "inference_config.yml").unlink()
    reports = {report.path.name: report for report in run([tmp_path], Settings())}
    assert b"az ml model deploy --name" in reports["ci.yml"].after
    assert not reports["deployment_config_aci.yml"].created


def test_a_configuration_in_json_and_a_model_that_a_command_registers(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "scoring" / "deployment_config_aci.yml").unlink()
    (tmp_path / "scoring" / "deploy_aci.json").write_text(
        '{"computeType": "ACI", "containerResourceRequirements": {"cpu": 1, "memoryInGB": 4}}'
    )
    (tmp_path / "deploy.sh").write_text(
        "az ml model register -n ridge -p outputs/ridge.pkl -t model.json\n"
        "az ml model deploy -n s -f model.json --inference-config inference_config.yml "
        "--deploy-config scoring/deploy_aci.json -e serving\n"
    )
    reports = {report.path.name: report for report in run([tmp_path], Settings())}
    (written,) = reports["deploy_aci.json"].created
    assert written.name == "deploy_aci.deployment.yml"
    assert reports["deploy_aci.json"].before == reports["deploy_aci.json"].after
    after = reports["deploy.sh"].after
    assert after is not None
    registered, deployed = after.decode().splitlines()
    assert registered == "az ml model create --name ridge --path outputs/ridge.pkl > model.json"
    assert (
        "--file scoring/deploy_aci.deployment.yml "
        '--set model="azureml:$(jq -r .name model.json):$(jq -r .version model.json)" '
        "environment=azureml:serving@latest --all-traffic" in deployed
    )
