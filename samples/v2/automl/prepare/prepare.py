"""Every second wine, without its colour, as an MLTable."""

import argparse
import shutil
from pathlib import Path

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--wines")
parser.add_argument("--out")
args = parser.parse_args()

out = Path(args.out)
out.mkdir(parents=True, exist_ok=True)
wines = pd.read_csv(Path(args.wines) / "wine.csv").iloc[::2].drop(columns="color_intensity")
wines.to_csv(out / "wine.csv", index=False)
shutil.copy(Path(args.wines) / "MLTable", out / "MLTable")
print(f"{len(wines)} wines")
