"""What the client scripts of these tests begin with, and the code that their components run."""

from __future__ import annotations

#: The v2 client, told to ask often.
HEAD = """\
import logging, os, time
os.environ["AZUREML_RUN_POLLING_INTERVAL_MIN"] = "0"
os.environ["AZUREML_RUN_POLLING_INTERVAL_MAX"] = "1"
from azure.ai.ml import Input, MLClient, Output, command, dsl, load_component, load_job
from azure.ai.ml.entities import AmlCompute, Data, Environment, Model, ResourceConfiguration
from azure.identity import DefaultAzureCredential
logging.disable(logging.WARNING)
ml = MLClient.from_config(DefaultAzureCredential())
ENV = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"

def refused(submit):
    try:
        print("NOT REFUSED", submit())
    except Exception as error:
        print("REFUSED", type(error).__name__, " ".join(str(error).split()))

def follow(job, **more):
    made = ml.jobs.create_or_update(job, **more)
    try:
        ml.jobs.stream(made.name)
    except Exception as error:
        print("RAISED", type(error).__name__, " ".join(str(error).split()))
    return ml.jobs.get(made.name)

def children(job):
    return {child.properties["azureml.nodeid"]: child for child in ml.jobs.list(parent_job_name=job.name)}

def tree(folder):
    return {os.path.relpath(os.path.join(at, name), folder): open(os.path.join(at, name)).read().strip()
            for at, _, names in os.walk(folder) for name in names}

"""

#: ``write.py OUT WORD...`` writes a text, ``join.py OUT IN...`` joins texts; a folder stands for its t.txt.
FILES = {
    "src/write.py": """
        import os, sys
        out = sys.argv[1]
        path = os.path.join(out, "t.txt") if os.path.isdir(out) else out
        open(path, "w").write(" ".join(sys.argv[2:]))
        print("wrote", " ".join(sys.argv[2:]))
        """,
    "src/join.py": """
        import os, sys
        def read(path):
            return open(os.path.join(path, "t.txt") if os.path.isdir(path) else path).read()
        text = "+".join(read(path) for path in sys.argv[2:])
        open(os.path.join(sys.argv[1], "t.txt"), "w").write(text)
        print("joined", text)
        """,
    "src/join.yml": """
        name: join
        display_name: Join texts
        type: command
        inputs:
          a: {type: uri_folder}
          b: {type: uri_file, optional: true}
        outputs:
          o: {type: uri_folder}
        code: .
        environment: azureml://registries/azureml/environments/sklearn-1.0/labels/latest
        command: >-
          python join.py ${{outputs.o}} ${{inputs.a}}
          $[[${{inputs.b}}]]
        """,
    "file.txt": "FILE",
}

#: Components of that code.
COMPONENTS = """\
write = command(name="write", display_name="Write", code="src", environment=ENV,
                command="python write.py ${{outputs.o}} ${{inputs.t}}",
                inputs={"t": Input(type="string", default="default")}, outputs={"o": Output(type="uri_folder")})
number = command(name="number", code="src", environment=ENV, command="python write.py ${{outputs.o}} ${{inputs.t}}",
                 inputs={"t": Input(type="integer", min=1, max=9)}, outputs={"o": Output(type="uri_file")})
join = load_component("src/join.yml")
"""
