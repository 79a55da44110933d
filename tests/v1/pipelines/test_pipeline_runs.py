"""Whole pipelines with the real client: every kind of input and output, status, logs, metrics, results."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow

_PREPARE = """
    import argparse, os
    from azureml.core import Run
    parser = argparse.ArgumentParser()
    for name in ("s", "i", "f", "b", "lit", "m", "pd", "dref", "x", "o"):
        parser.add_argument("--" + name)
    args = parser.parse_args()
    run = Run.get_context()
    run.log("accuracy", 0.5)
    frame = run.input_datasets["t"].to_pandas_dataframe()
    print("ARGS", [args.s, args.i, args.f, args.b, args.lit])
    print("DATA", [len(frame), os.listdir(args.m), os.listdir(args.dref), args.x == args.dref])
    print("ENV", [os.environ[name] for name in ("MY", "AML_PARAMETER_P", "AML_PARAMETER_i")])
    os.makedirs(args.pd)
    with open(os.path.join(args.pd, "r.txt"), "w") as file:
        file.write("result " + args.s)
    frame.to_csv(os.path.join(args.o, "o.csv"), index=False)
"""
_TRAIN = """
    import sys, os
    from azureml.core import Run
    frame = Run.get_context().input_datasets["table"].to_pandas_dataframe()
    with open(os.path.join(sys.argv[1], "r.txt")) as file:
        print("READ", [file.read(), os.listdir(sys.argv[2]), list(frame.columns), len(frame)])
"""


def test_data_flows_through_a_pipeline(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
store.upload_files(["data.csv"], target_path="in", show_progress=False)
table = Dataset.Tabular.from_delimited_files((store, "in/data.csv")).register(ws, "table")
folder = Dataset.File.from_files((store, "in"))
config = RunConfiguration()
config.environment_variables = {"MY": "mine"}
p = {name: PipelineParameter(name, value) for name, value in dict(s="text", i=5, f=0.1, b=True).items()}
kept = PipelineData("kept", datastore=store, pipeline_output_name="first")
out = OutputFileDatasetConfig("out").register_on_complete("registered")
dref = DataReference(store, data_reference_name="dref", path_on_datastore="in")
arguments = ["--s", p["s"], "--i", p["i"], "--f", p["f"], "--b", p["b"], "--lit", 3, "--o", out, "--pd", kept]
arguments += ["--m", folder.as_named_input("m").as_mount(), "--dref", dref, f"--x={dref}"]
prepare = step("prepare.py", "prepare", runconfig=config, arguments=arguments, params={"P": "q"},
               inputs=[dref, table.as_named_input("t")], outputs=[kept])
train = step("train.py", "train", arguments=[kept, out.as_input("again").as_mount()],
             inputs=[kept, out.read_delimited_files().as_input("table")])
command = CommandStep(name="command", command=["echo 'x  y' && ls", out.as_input("listed").as_mount()],
                      compute_target=cpu, source_directory="src")
last = step("ok.py", "last")
last.run_after(train)
pipeline = Pipeline(ws, [train, command, last])
print("VALID", pipeline.validate())
submitted = exp.submit(pipeline, pipeline_parameters={"i": 7, "s": "a b"})
print("STATUS", submitted.wait_for_completion(show_output=True))
print("STEPS", statuses(submitted))
prepared = submitted.find_step_run("prepare")[0]
print("METRICS", prepared.get_metrics())
print("LOG", prepared.get_stdout_log().replace(chr(10), "\\nLOG "))
print("LOG", submitted.find_step_run("train")[0].get_stdout_log().replace(chr(10), "\\nLOG "))
print("LOG", submitted.find_step_run("command")[0].get_stdout_log().replace(chr(10), "\\nLOG "))
print("JOB", prepared.get_job_log().splitlines()[0])
submitted.get_pipeline_output("first").download("down")
with open(f"down/azureml/{prepared.id}/kept/r.txt") as file:
    print("DOWN", file.read())
place = prepared.get_output_data("out").path_on_datastore
print("OUTPUTS", sorted(prepared.get_outputs()), place == f"dataset/{prepared.id}/out")
print("GRAPH", sorted(node.name for node in submitted.get_graph().nodes if "-" not in node.name))
again = PipelineRun.get(ws, submitted.id)
print("AGAIN", again.experiment.name, again.get_status(), again.get_properties()["azureml.parameters"])
print("NAMED", Dataset.get_by_name(ws, "registered").version)
attempt("MISSING", lambda: submitted.get_pipeline_output("second"))
""",
        files={**FILES, "src/prepare.py": _PREPARE, "src/train.py": _TRAIN},
    ).stdout
    assert lines(done, "VALID") == ["[]"]
    assert lines(done, "STATUS") == ["Finished"]
    names = ["command", "last", "prepare", "train"]
    assert ast.literal_eval(lines(done, "STEPS")[0]) == [(name, "Finished") for name in names]
    assert lines(done, "METRICS") == ["{'accuracy': 0.5}"]
    assert lines(done, "LOG ARGS") == ["['a b', '7', '0.1', 'True', '3']"]
    assert lines(done, "LOG DATA") == ["[2, ['data.csv'], ['data.csv'], True]"]
    assert lines(done, "LOG ENV") == ["['mine', 'q', '7']"]
    assert lines(done, "LOG READ") == ["['result a b', ['o.csv'], ['a', 'b'], 2]"]
    assert {"x  y", "o.csv"} <= set(lines(done, "LOG"))
    assert lines(done, "JOB")[0].endswith("Completed")
    assert lines(done, "DOWN") == ["result a b"]
    assert lines(done, "OUTPUTS") == ["['kept', 'out'] True"]
    assert lines(done, "GRAPH") == [str(sorted([*names, "dref", "table"]))]
    assert lines(done, "AGAIN") == ['exp Finished {"s": "a b", "i": "7", "f": "0.1", "b": "True"}']
    assert lines(done, "NAMED") == ["1"]
    assert "the pipeline has no output 'second'; it has: first" in lines(done, "MISSING")[0]


def test_data_parameters_and_module_steps(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
from azureml.pipeline.core import Module
from azureml.pipeline.core.graph import InputPortDef, OutputPortDef
from azureml.pipeline.steps import ModuleStep
store.upload_files(["data.csv", "more.csv"], target_path="in", show_progress=False)
path = PipelineParameter("path", DataPath(store, "in/data.csv")), DataPathComputeBinding(mode="mount")
files = PipelineParameter("files", Dataset.File.from_files((store, "in/data.csv")))
bound = DatasetConsumptionConfig("bound", files).as_mount()
steps = [step("paths.py", "paths", arguments=[path, bound], inputs=[path, bound])]
first = run(steps)
second = run(steps, {"path": DataPath(store, "in"), "files": Dataset.File.from_files((store, "in/more.csv"))})
for done in (first, second):
    print(done.find_step_run("paths")[0].get_stdout_log())
print("GRAPH", sorted(node.name for node in second.get_graph().nodes))
module = Module.create(ws, "my_module", "description")
source = InputPortDef(name="source", default_datastore_mode="mount", default_data_reference_name=store.name, label="l")
target = OutputPortDef(name="target", default_datastore_name=store.name, default_datastore_mode="mount", label="l")
for version in ("1", None):
    module.publish_python_script("module.py", "d", inputs=[source], outputs=[target], params={"NUM": 3},
                                 version=version, source_directory="src", arguments=["--in", source, "--out", target])
module = Module.get(ws, name="my_module")
print("VERSIONS", module.default_version, [item.version for item in module.module_version_list()])
module.set_default_version("2")
print("DEFAULT", Module.get(ws, module_id=module.id).default_version)
reference = DataReference(store, data_reference_name="reference", path_on_datastore="in")
made = PipelineData("made", datastore=store)
used = ModuleStep(module=module, inputs_map={"source": reference}, outputs_map={"target": made}, compute_target=cpu,
                  params={"NUM": 4}, runconfig=RunConfiguration())
done = run([used])
print(done.get_status(), list(done.get_steps())[0].get_stdout_log())
attempt("TAKEN", lambda: Module.create(ws, "my_module", "again"))
""",
        files={
            **FILES,
            "src/paths.py": "import os, sys\n"
            "for path in sys.argv[1:]: print('PATH', os.path.basename(path), os.path.isdir(path))\n",
            "src/module.py": "import os, sys\nprint('MODULE', sys.argv[1], os.listdir(sys.argv[2]), sys.argv[3], "
            "os.environ['AML_PARAMETER_NUM'])\nopen(sys.argv[4], 'w').write('made')\n",
        },
    ).stdout
    assert lines(done, "PATH") == ["data.csv False", "data.csv False", "in True", "more.csv False"]
    assert lines(done, "GRAPH") == ["['files', 'path', 'paths']"]
    assert lines(done, "VERSIONS") == ["1 ['1', '2']"]
    assert lines(done, "DEFAULT") == ["2"]
    assert "'data.csv'" in lines(done, "Finished MODULE")[0]
    assert lines(done, "Finished MODULE")[0].endswith("--out 4")
    assert "already exists" in lines(done, "TAKEN")[0]
