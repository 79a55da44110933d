"""Prices the selected orders. The folder with the prices is whatever the caller chose."""

import argparse
import json
import os

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--selected", required=True)
parser.add_argument("--prices", required=True)
parser.add_argument("--output", required=True)
args = parser.parse_args()

selected = pd.read_csv(os.path.join(args.selected, "selected.csv"))
prices = pd.read_csv(os.path.join(args.prices, "prices.csv"))
lines = selected.merge(prices, on="product", how="left", validate="many_to_one")
missing = sorted(lines.loc[lines["price"].isna(), "product"])
if missing:
    raise SystemExit(f"no price for {', '.join(missing)} in {args.prices}")
bill = {"products": sorted(lines["product"]), "total": float((lines["quantity"] * lines["price"]).sum())}

os.makedirs(args.output, exist_ok=True)
with open(os.path.join(args.output, "bill.json"), "w") as file:
    json.dump(bill, file)
print(bill)
