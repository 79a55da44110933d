"""One process of several: throws its share of the darts and writes how many have hit."""

import argparse
import os
import random

parser = argparse.ArgumentParser()
parser.add_argument("--darts", type=int)
parser.add_argument("--counts")
args = parser.parse_args()

rank, size = int(os.environ["OMPI_COMM_WORLD_RANK"]), int(os.environ["OMPI_COMM_WORLD_SIZE"])
darts = random.Random(rank)
share = args.darts // size
hits = sum(darts.random() ** 2 + darts.random() ** 2 <= 1 for _ in range(share))
os.makedirs(args.counts, exist_ok=True)
with open(os.path.join(args.counts, f"{rank}.txt"), "w") as file:
    file.write(f"{hits} {share}")
print(f"process {rank} of {size}: {hits} of {share}")
