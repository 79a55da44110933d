"""``python -m amlbridge.v1.read_rows TARGET``: the rows of a tabular definition, by the dataset engine, as Parquet.

Reads a definition (YAML over local files) from stdin. Values that cannot be converted become null, as in
``TabularDataset.to_pandas_dataframe``. A process of its own, because the engine takes a second to load and a hundred
megabytes that the service need not hold.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(target: Path) -> int:
    """Writes the file. Exit code 1 and the engine's message on stderr when the rows cannot be read."""
    from azureml.dataprep import EnginelessDataflow
    from azureml.dataprep.api.errorhandlers import ExecutionError

    try:
        frame = EnginelessDataflow(sys.stdin.read()).to_pandas_dataframe(on_error="null", out_of_range_datetime="null")
    except ExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    for name in frame.columns:
        # One column has one type in a Parquet file: what is mixed is told apart as text.
        if frame[name].dtype == object and frame[name].dropna().map(type).nunique() > 1:
            frame[name] = frame[name].map(str, na_action="ignore")
    frame.to_parquet(target, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
