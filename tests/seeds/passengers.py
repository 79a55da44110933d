"""A passenger table of the shape of the Titanic table: the same columns and kinds of gaps, all values made up."""

from __future__ import annotations

import csv
import random
from pathlib import Path

COLUMNS = (
    *("PassengerId", "Survived", "Pclass", "Name", "Sex", "Age"),
    *("SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"),
)


def write(path: Path, rows: int, seed: int, *, fractions: bool = True) -> None:
    """Writes a table of so many rows; the same seed makes the same table. Names hold commas and quotes. ``fractions``:
    most ages are one of two that are no whole numbers."""
    draw = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(1, rows + 1):
            odd = (0.42, 28.5) if fractions else ()
            age = "" if draw.random() < 0.2 else draw.choice([draw.randint(1, 80), *odd])
            row = [number, draw.randint(0, 1), draw.randint(1, 3), f'Doe, Mr. "Jo" {number}']
            row += [draw.choice(["male", "female"]), age, draw.randint(0, 4), draw.randint(0, 3), f"A/5 {number}"]
            row += [f"{draw.uniform(0, 90):.4f}", draw.choice(["", "C85", "E46"]), draw.choice(["S", "C", "Q", ""])]
            writer.writerow(row)
