"""The tables and their versions.

``VERSION`` grows by one with each change; ``UPGRADES[n]`` holds the statements that lead from version n-1 to n.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 2
UPGRADES: dict[int, tuple[str, ...]] = {
    2: (
        "CREATE TABLE reuse (workspace_id VARCHAR(36) NOT NULL REFERENCES workspace (id), key VARCHAR(64) NOT NULL, "
        "run_id TEXT NOT NULL, experiment_id TEXT NOT NULL, name TEXT NOT NULL, ended FLOAT NOT NULL, "
        "detail JSON NOT NULL, outputs JSON NOT NULL, PRIMARY KEY (workspace_id, key, run_id))",
        "CREATE INDEX reuse_name ON reuse (workspace_id, experiment_id, name, ended)",
    ),
}

metadata = MetaData()

#: One row: the version of the schema that the file has.
schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

#: Names are kept as first written and compared without case (``key``), as Azure does.
workspace = Table(
    "workspace",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("subscription_id", Text, nullable=False),
    Column("resource_group", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("properties", JSON, nullable=False),
)

experiment = Table(
    "experiment",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("workspace_id", ForeignKey("workspace.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("tags", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("archived", Float),
    UniqueConstraint("workspace_id", "name"),
)

#: A Plan as it was submitted, by its fingerprint and the text's own digest.
plan = Table(
    "plan",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("body", Text, nullable=False),
)

#: A run of any kind: a pipeline, a step of it, a script, a trial. ``seq`` orders them as they were created.
run = Table(
    "run",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", ForeignKey("workspace.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("experiment_id", ForeignKey("experiment.id"), nullable=False),
    Column("parent_id", Text),
    Column("root_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("display_name", Text),
    Column("description", Text),
    Column("status", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Column("modified", Float, nullable=False),
    Column("target", Text),
    Column("script", Text),
    Column("hidden", Boolean, nullable=False, default=False),
    Column("tags", JSON, nullable=False),
    Column("properties", JSON, nullable=False),
    Column("error", JSON),
    #: For the engine: the Plan (pipeline runs) or the node (step runs), parameter values, attempts, exit code.
    Column("plan_id", Text),
    Column("node_id", Text),
    Column("execution", JSON, nullable=False),
    #: For the wire: what a client stored on the run that the engine gives no meaning.
    Column("extra", JSON, nullable=False),
    UniqueConstraint("workspace_id", "id"),
    Index("run_parent", "workspace_id", "parent_id"),
    Index("run_root", "workspace_id", "root_id"),
    Index("run_experiment", "workspace_id", "experiment_id", "seq"),
    Index("run_status", "status"),
)

#: One logged value: a scalar, one row of a table, one entry of a list.
metric = Table(
    "metric",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", ForeignKey("workspace.id"), nullable=False),
    Column("run_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("metric_id", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("step", Integer),
    Column("kind", Text),
    Column("columns", JSON, nullable=False),
    Column("data", JSON, nullable=False),
    UniqueConstraint("workspace_id", "run_id", "metric_id"),
    Index("metric_name", "workspace_id", "run_id", "name", "seq"),
)

#: Whatever else a service keeps: datastores, datasets, environments, modules, graphs, models, snapshots, …
#: ``version`` is "" for kinds without versions.
resource = Table(
    "resource",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", ForeignKey("workspace.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("modified", Float, nullable=False),
    Column("body", JSON, nullable=False),
    UniqueConstraint("workspace_id", "kind", "name", "version"),
)

#: Steps that completed and whose results may be taken again: by the key of what they follow from (``detail``), with
#: what their outputs held at their end.
reuse = Table(
    "reuse",
    metadata,
    Column("workspace_id", ForeignKey("workspace.id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("experiment_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ended", Float, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("outputs", JSON, nullable=False),
    Index("reuse_name", "workspace_id", "experiment_id", "name", "ended"),
)
