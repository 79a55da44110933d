"""Scripts that were written for packages of their time are told what helps, in the words of the packages of today."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from amlbridge.engine.cause import advice

#: What public training scripts say, and what has to be in the advice.
OLD = {
    "import numpy as np; np.float": "numpy<1.24",
    "import numpy as np; np.zeros(3, dtype=np.int)": "numpy<1.24",
    "import numpy as np; np.object": "without `np.`",
    "import numpy as np; np.str": "`--environments uv`",
    "import numpy as np; np.float_(1)": "numpy<2",
    "import pandas as pd; pd.DataFrame().append({})": "pd.concat",
    "import pandas as pd; pd.Series([1]).append(pd.Series([2]))": "pandas<2",
    "import pandas as pd; pd.DataFrame().iteritems()": "items()",
    "import pandas as pd; pd.DataFrame().ix[0]": ".iloc",
    "import pandas as pd; pd.DataFrame().as_matrix()": "to_numpy()",
    "from sklearn.externals import joblib": "`import joblib`",
    "import sklearn.externals.joblib": "`import joblib`",
    "from sklearn.cross_validation import train_test_split": "sklearn.model_selection",
    "from sklearn.grid_search import GridSearchCV": "sklearn.model_selection",
    "from sklearn.preprocessing import Imputer": "SimpleImputer",
    "from sklearn.metrics import plot_confusion_matrix": "ConfusionMatrixDisplay",
    "from sklearn.datasets import load_boston": "another data set",
    "from collections import Mapping": "collections.abc",
}
#: What looks like it and is something else.
OTHERS = {
    "import numpy as np; np.flaot": "",
    "import pandas as pd; pd.DataFrame().appendix": "",
    "object().append": "",
    "import sklearn.nothing": "If sklearn.nothing is a package",
}


@pytest.mark.slow
def test_what_the_packages_of_today_say_leads_to_advice() -> None:
    script = (
        "import json, sys, traceback\nfound = {}\n"
        "for line in json.load(sys.stdin):\n"
        "    try:\n        exec(line, {})\n"
        "    except Exception:\n        found[line] = traceback.format_exc()\n"
        "print(json.dumps(found))"
    )
    wanted = {**OLD, **OTHERS}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        input=json.dumps(list(wanted)),
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said.keys() == wanted.keys()
    for line, words in said.items():
        found = advice(words, 1, "/usr/bin/python3")
        assert wanted[line] in found if wanted[line] else found == "", f"{line}: {found!r} for {words}"


def test_tensorflow_1() -> None:
    words = (
        "Traceback (most recent call last):\n"
        '  File "train.py", line 3, in <module>\n'
        "    x = tf.placeholder(tf.float32)\n"
        "AttributeError: module 'tensorflow' has no attribute 'placeholder'"
    )
    assert "tensorflow.compat.v1" in advice(words, 1, None)
