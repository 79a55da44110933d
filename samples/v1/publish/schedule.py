"""A schedule that runs the default version of the pipeline endpoint each night.

In Azure:          python schedule.py create | list | disable
On this machine:   amlbridge run schedule.py create | list | disable
Here, schedules fire while the service is up (`amlbridge up`).
"""

import argparse
from datetime import datetime, timedelta

from azureml.core import Workspace
from azureml.pipeline.core import PipelineEndpoint
from azureml.pipeline.core.schedule import Schedule, ScheduleRecurrence, TimeZone

NAME = "billing-nightly"

parser = argparse.ArgumentParser()
parser.add_argument("action", choices=["create", "list", "disable"])
args = parser.parse_args()

ws = Workspace.from_config()

if args.action == "create":
    # Without a start time, a schedule fires at once, too.
    tomorrow = (datetime.utcnow() + timedelta(days=1)).replace(hour=2, minute=30, second=0, microsecond=0)
    schedule = Schedule.create_for_pipeline_endpoint(
        ws,
        name=NAME,
        pipeline_endpoint_id=PipelineEndpoint.get(workspace=ws, name="billing").id,
        experiment_name="billing",
        recurrence=ScheduleRecurrence(
            frequency="Day", interval=1, start_time=tomorrow, time_zone=TimeZone.GMTStandardTime
        ),
        pipeline_parameters={"minimum_quantity": 5},
        description="Each night at half past two",
        wait_for_provisioning=True,
    )
    print(f"created {schedule.id}")

if args.action == "disable":
    for schedule in Schedule.list(ws):
        if schedule.name == NAME:
            schedule.disable(wait_for_provisioning=True)
            print(f"disabled {schedule.id}")

for schedule in Schedule.list(ws, active_only=False):
    last = schedule.get_last_pipeline_run()
    print(f"{schedule.name} {schedule.status}, last run: {last.id if last else 'none yet'}")
