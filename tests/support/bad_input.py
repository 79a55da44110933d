"""Bad input of AutoML and of parallel runs: what both SDKs submit, and what must then be said."""

from __future__ import annotations

#: Tables, as csv.
TABLES = {
    "good": "n,m,y\n" + "".join(f"{number * 7 % 11},{number % 5},{number % 2}\n" for number in range(30)),
    "one_class": "n,y\n" + "".join(f"{number % 7},yes\n" for number in range(20)),
    "constant": "n,y\n" + "".join(f"{number % 7},5\n" for number in range(20)),
    "missing": "n,m,y\n" + "".join(f",,{number % 2}\n" for number in range(20)),
    "empty": "n,m,y\n",
    "twice": "n,n,y\n" + "".join(f"{number * 7 % 11},{number % 5},{number % 2}\n" for number in range(30)),
    "held": "n,n,y\n" + "".join(f"{number * 7 % 11},{number % 5},{number % 2}\n" for number in range(12)),
}
#: Entry scripts.
SCRIPTS = {
    "src/few.py": "def run(mini_batch):\n    return mini_batch[1:]\n",
    "src/no_run.py": "def init():\n    pass\n",
}
#: What is said of the table "twice", with which a search runs, as on Azure.
TWICE = "the training data has the column n more than once: n_1 is another one; give each column its own name"
#: Words of the sentence of each case.
SENTENCES = {
    "label": "the training data has no label column 'lable'; its columns are: n, m, y",
    "classes": "the column 'y' has one class only ('yes'): a classification needs at least two; choose another",
    "constant": "the column 'y' has the same value in every row: there is nothing to predict; choose another target",
    "missing": "no column is left to predict from: all are empty",
    "empty": "the training data has no rows",
    "few": "run() returned 2 results for 3 items",
    "no_run": "no_run.py has no function run(): define run(mini_batch)",
}
