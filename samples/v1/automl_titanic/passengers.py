"""A passenger table of the shape of the Titanic table; all values are made up."""

import random

import pandas as pd

_PORTS = ["S", "S", "S", "C", "Q", ""]


def make(rows: int = 600, seed: int = 7) -> pd.DataFrame:
    """Women, children and first-class passengers survive more often; some ages, cabins and ports are missing."""
    draw = random.Random(seed)
    table = []
    for number in range(1, rows + 1):
        sex, pclass = draw.choice(["male", "male", "female"]), draw.choice([1, 2, 3, 3])
        age = draw.randint(1, 75)
        chance = 0.15 + 0.5 * (sex == "female") + 0.1 * (3 - pclass) + 0.2 * (age < 12)
        table.append(
            {
                "PassengerId": number,
                "Survived": int(draw.random() < chance),
                "Pclass": pclass,
                "Name": f"Doe, Mr. {number}",
                "Sex": sex,
                "Age": None if draw.random() < 0.2 else age,
                "SibSp": draw.randint(0, 3),
                "Parch": draw.randint(0, 2),
                "Ticket": f"A/5 {number}",
                "Fare": round(draw.uniform(5, 30) * (4 - pclass), 2),
                "Cabin": draw.choice(["", "", "C85", "E46"]),
                "Embarked": draw.choice(_PORTS),
            }
        )
    return pd.DataFrame(table)
