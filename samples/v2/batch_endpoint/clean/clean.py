import argparse
from pathlib import Path

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, help="folder with tables of wines")
parser.add_argument("--cleaned", type=Path, help="folder for the tables without gaps")
args = parser.parse_args()

for path in sorted(args.data.glob("*.csv")):
    table = pd.read_csv(path)
    whole = table.dropna()
    print(f"{path.name}: {len(whole)} of {len(table)} rows are whole")
    whole.to_csv(args.cleaned / path.name, index=False)
