"""Exceptions of SDK v1, where they are caught and where code raises them."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert


def test_a_raised_exception_is_of_the_class_that_is_caught() -> None:
    found = convert(
        """\
        from azureml.exceptions import WebserviceException

        try:
            raise WebserviceException(f"no service {name}", logger=log)
        except WebserviceException as error:
            print(error.message)
        """
    )
    assert 'raise HttpResponseError(f"no service {name}")' in found.text and "except HttpResponseError as" in found.text
    assert [finding.status for finding in found.findings] == [Status.REVIEW, Status.REVIEW]
    assert found.findings[0].message.endswith("; it has no logger")


def test_what_only_the_client_raises_is_left_with_its_import() -> None:
    found = convert(
        """\
        from azureml.exceptions import TrainingException

        raise TrainingException("no such service")
        """
    )
    assert "from azureml.exceptions import TrainingException" in found.text
    assert [finding.status for finding in found.findings] == [Status.MANUAL]


def test_several_exceptions_in_one_handler() -> None:
    found = convert(
        """\
        from azureml.exceptions import ModelNotFoundException, WebserviceException

        try:
            call()
        except (ModelNotFoundException, WebserviceException):
            pass
        """
    )
    assert "from azure.core.exceptions import HttpResponseError, ResourceNotFoundError" in found.text
    assert "except (ResourceNotFoundError, HttpResponseError):" in found.text


def test_a_missing_configuration_file_and_what_the_service_refuses() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget
from azureml.exceptions import UserErrorException

try:
    ws = Workspace.from_config()
    cluster = ComputeTarget(ws, "cpu")
except UserErrorException:
    raise
"""
    ).text
    assert "except (ValidationException, HttpResponseError):" in text


TRIED = """\
from azureml.core import Model, Workspace
from azureml.core.webservice import Webservice
from azureml.exceptions import ServiceException, WebserviceException

ws = Workspace.from_config()
model = Model(ws, "m")
try:
    Model.package(ws, [model])
except ServiceException as error:
    print(error)
try:
    service = Webservice(ws, "s")
    Model.package(ws, [model])
except (WebserviceException, OSError):
    print("none")
"""


def test_what_stays_raises_what_it_raised() -> None:
    found = convert(TRIED)
    assert "except ServiceException as error:\n" in found.text
    assert "except (WebserviceException, HttpResponseError, OSError):\n" in found.text
    assert "from azureml.exceptions import ServiceException, WebserviceException\n" in found.text
    assert found.text.count("# TODO(amlbridge") == 2


def test_names_of_a_module_without_a_list_of_its_names() -> None:
    """``import *`` of a module that says nothing of what it exports brings its public names."""
    code = (
        "from azureml.core import Workspace\nfrom azureml.core.authentication import *\n"
        "from azureml.core.compute_target import *\n\nws = Workspace.from_config()\n"
        "login = ServicePrincipalAuthentication('a', 'b', 'c')\ntry:\n    cpu = ws.compute_targets['cpu']\n"
        "except ComputeTargetException:\n    cpu = None\n"
    )
    text = convert(code).text
    assert "except ResourceNotFoundError:" in text and "ClientSecretCredential" in text and "azureml" not in text


@pytest.mark.parametrize(
    ("tried", "caught"),
    [
        ('ws.compute_targets["cpu"]', "except ResourceNotFoundError:"),
        ('ws.datasets[names["data"]]', "except (KeyError, MlException):"),
        ('ws.models["m"]', "except MlException:"),
        ('ws.environments["e"]', "except MlException:"),
        ('read(ws.datastores["raw"])', "except (KeyError, ResourceNotFoundError):"),
    ],
)
def test_what_is_not_in_the_workspace_is_no_key_error_any_more(tried: str, caught: str) -> None:
    text = convert(
        f"""\
        from azureml.core import Workspace

        ws = Workspace.from_config()
        try:
            found = {tried}
        except KeyError:
            found = None
        """
    ).text
    assert caught in text
    module = "azure.ai.ml.exceptions" if "MlException" in caught else "azure.core.exceptions"
    assert f"from {module} import {'MlException' if 'MlException' in caught else 'ResourceNotFoundError'}" in text


@pytest.mark.parametrize(
    ("tried", "caught"),
    [
        ('Model(ws, "m")', "except (MlException, HttpResponseError):"),
        ('Dataset.get_by_name(ws, "d")', "except (MlException, HttpResponseError):"),
        ('Environment.get(ws, "e")', "except (MlException, HttpResponseError):"),
        ('Model(ws, "m", version=3)', "except HttpResponseError:"),
        ('Model(ws, "m", tags=["prod"])', "except (ValueError, HttpResponseError):"),
    ],
)
def test_an_asset_without_a_version_is_missed_by_the_client_itself(tried: str, caught: str) -> None:
    text = convert(
        f"""\
        from azureml.core import Dataset, Environment, Model, Workspace
        from azureml.exceptions import WebserviceException

        ws = Workspace.from_config()
        try:
            found = {tried}
        except WebserviceException:
            found = None
        """
    ).text
    assert caught in text, text


def test_a_key_error_around_a_handler_is_not_of_the_workspace() -> None:
    text = convert(
        """\
        from azureml.core import Workspace

        ws = Workspace.from_config()
        try:
            name = names["cpu"]
        except KeyError:
            found = ws.compute_targets["cpu"]
        """
    ).text
    assert "except KeyError:" in text


def test_exceptions_that_have_become_the_same_one_are_caught_once() -> None:
    check_transformed(
        """\
        from azureml.core import Workspace
        from azureml.exceptions import ProjectSystemException, WorkspaceException

        try:
            ws = Workspace.get("w", subscription_id="s", resource_group="g")
        except (WorkspaceException, ProjectSystemException):
            print("none")
        """,
        """\
        from azure.ai.ml import MLClient
        from azure.core.exceptions import HttpResponseError
        from azure.identity import DefaultAzureCredential

        try:
            ml_client = MLClient(
                credential=DefaultAzureCredential(),
                subscription_id="s",
                resource_group_name="g",
                workspace_name="w",
            )
            ml_client.workspaces.get(ml_client.workspace_name)
        except HttpResponseError:
            print("none")
        """,
        status=Status.REVIEW,
    )


@pytest.mark.parametrize(
    ("tried", "name"),
    [
        ('c = ComputeTarget(ws, "c")', "ResourceNotFoundError"),
        ('c = ComputeTarget.create(ws, "c", config)', "HttpResponseError"),
        ('c = ComputeTarget(ws, "c")\n    c.delete()', "HttpResponseError"),
    ],
)
def test_what_is_refused_of_a_compute(tried: str, name: str) -> None:
    code = f"""\
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.exceptions import ComputeTargetException

ws = Workspace.from_config()
config = AmlCompute.provisioning_configuration(vm_size="a")
ComputeTarget.create(ws, "c", config)
try:
    {tried}
except ComputeTargetException as error:
    print(error)
"""
    assert f"except {name} as error:" in convert(code).text


def test_a_refused_request_is_of_another_library() -> None:
    """The clients of SDK v1 were made with msrest, those of SDK v2 are with azure.core."""
    text = convert(
        "from azureml.core import Datastore, Workspace\nfrom msrest.exceptions import HttpOperationError\n\n"
        "ws = Workspace.from_config()\ntry:\n    store = Datastore.get(ws, 'raw')\nexcept HttpOperationError:\n"
        "    store = Datastore.register_azure_blob_container(ws, 'raw', 'files', 'account')\n"
    ).text
    assert "except HttpResponseError:" in text
    assert "from azure.core.exceptions import HttpResponseError" in text


def test_a_compute_that_is_not_ready_says_so() -> None:
    found = convert("""\
        from azureml.core import Workspace
        from azureml.core.compute_target import ComputeTargetException

        ws = Workspace.from_config()
        try:
            cluster = ws.compute_targets["cpu"]
            if cluster.provisioning_state != "Succeeded":
                raise ComputeTargetException(f"{cluster.name} is not ready")
        except ComputeTargetException as error:
            print(error.message)
        """)
    assert 'raise ResourceNotFoundError(f"{cluster.name} is not ready")' in found.text
    assert "except ResourceNotFoundError as error" in found.text


_TRIES = """\
from azureml.core import Experiment, Run, Workspace
from azureml.exceptions import RunEnvironmentException

try:
    run = Run.get_context({arguments})
    ws = run.experiment.workspace
except {caught}:
    {told}
    ws = Workspace.from_config()
print(ws.name)
"""


@pytest.mark.parametrize(
    ("caught", "told", "after"),
    [
        ("RunEnvironmentException", "pass", "except KeyError:"),
        ("(RunEnvironmentException, ValueError)", "pass", "except (KeyError, ValueError):"),
        (
            "RunEnvironmentException as error",
            "print(error.message)",
            "except KeyError as error:\n    print(str(error))",
        ),
    ],
)
def test_code_that_is_in_no_job_misses_a_variable(caught: str, told: str, after: str) -> None:
    found = convert(_TRIES.format(arguments="allow_offline=False", caught=caught, told=told))
    assert after in found.text and "azureml.exceptions" not in found.text


def test_what_tells_jobs_from_other_code_otherwise_is_said() -> None:
    found = convert(_TRIES.format(arguments="", caught="RunEnvironmentException", told="pass"))
    left = next(finding for finding in found.findings if finding.symbol == "RunEnvironmentException")
    assert left.status is Status.MANUAL and "whether AZUREML_RUN_ID is in os.environ" in left.message


def test_a_run_that_code_has_started_itself_ends_as_a_cancelled_one() -> None:
    found = convert("""\
        from azureml.core import Experiment, Workspace

        run = Experiment(Workspace.from_config(), "trials").start_logging()
        try:
            run.log("loss", 0.5)
            run.complete()
        except KeyboardInterrupt:
            run.cancel()
        """)
    assert 'except KeyboardInterrupt:\n    mlflow.end_run(status="KILLED")\n' in found.text
    assert "begin_cancel" not in found.text
