"""Makes the credit-default table: made-up values in the shape of the public "default of credit card clients" table (a
title line, a header line, 23 features, one label). The same seed makes the same table."""

import argparse
import csv
import random
from pathlib import Path

LABEL = "default payment next month"
MONTHS = (0, 2, 3, 4, 5, 6)


def columns() -> list[str]:
    """The header line."""
    bills = [f"BILL_AMT{month}" for month in range(1, 7)]
    payments = [f"PAY_AMT{month}" for month in range(1, 7)]
    known = ["ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", *(f"PAY_{month}" for month in MONTHS)]
    return [*known, *bills, *payments, LABEL]


def client(number: int, draw: random.Random) -> list[int]:
    """One client. Whoever is late and has little credit left defaults more often."""
    limit = draw.randrange(1, 51) * 10_000
    trouble = draw.random()
    late = [draw.choice((1, 2, 3)) if draw.random() < trouble * 0.6 else draw.choice((-1, 0)) for _ in MONTHS]
    bills = [int(limit * min(1.0, draw.random() * (0.3 + trouble))) for _ in MONTHS]
    paid = [int(bill * draw.random() * (1 - trouble) / 4) for bill in bills]
    risk = 0.02 + 0.13 * sum(1 for months in late[:3] if months > 0) + 0.2 * (bills[0] / limit) ** 2
    about = [limit, draw.randint(1, 2), draw.randint(1, 4), draw.randint(1, 3), draw.randint(21, 75)]
    return [number, *about, *late, *bills, *paid, int(draw.random() < risk)]


def write(path: Path, rows: int = 30_000, seed: int = 7) -> Path:
    """Writes a table of so many clients."""
    draw = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["", *(f"X{number}" for number in range(1, 24)), "Y"])
        writer.writerow(columns())
        writer.writerows(client(number, draw) for number in range(1, rows + 1))
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=30_000)
    given = parser.parse_args()
    print(write(given.path, given.rows))
