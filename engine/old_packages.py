"""What a script needs that was written for packages of its time: names that numpy, pandas and others have removed.

The messages are those of numpy 1.24 to 2.3, pandas 2.3, scikit-learn 1.9 and Python 3.10 and 3.11. A version is advised
only where there is one for these Pythons.
"""

from __future__ import annotations

import re

_PIN = "name {} in the run's environment and use `--environments uv`"
_NUMPY = "The script was written for numpy before 1.24: " + _PIN.format("numpy<1.24")
_NUMPY_1 = "The script was written for numpy 1: " + _PIN.format("numpy<2")
_PANDAS = "The script was written for pandas 1: " + _PIN.format("pandas<2")
_OLD_PANDAS = "The script was written for pandas before 1.0, which this Python cannot have:"
_SKLEARN = "The script was written for scikit-learn before 1.2: " + _PIN.format("scikit-learn<1.2 and numpy<1.24")
_OLD_SKLEARN = "The script was written for an old scikit-learn, which this Python cannot have:"
_FRAME = r"AttributeError: '(?:DataFrame|Series)' object has no attribute "

#: The line of an exception (its beginning), and what helps.
_TABLE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (
            r"AttributeError: module 'numpy' has no attribute '(?:float|int|bool|str|object|complex|long|unicode)'",
            f"{_NUMPY}, or write float, int, bool, str, object or complex without `np.`.",
        ),
        (r"AttributeError: `np\.\w+` was removed in the NumPy 2\.0 release", f"{_NUMPY_1}, or use what it names."),
        (rf"{_FRAME}'append'", f"{_PANDAS}, or use pd.concat([a, b])."),
        (rf"{_FRAME}'iteritems'", f"{_PANDAS}, or use items()."),
        (rf"{_FRAME}'ix'", f"{_OLD_PANDAS} use .loc (labels) or .iloc (positions) for .ix."),
        (rf"{_FRAME}'as_matrix'", f"{_OLD_PANDAS} use to_numpy() for as_matrix()."),
        (rf"{_FRAME}'(?:get_value|set_value)'", f"{_OLD_PANDAS} use .at[row, column]."),
        (
            r"ImportError: cannot import name 'joblib' from 'sklearn\.externals'"
            r"|ModuleNotFoundError: No module named 'sklearn\.externals(?:\.joblib)?'",
            f"{_OLD_SKLEARN} use `import joblib`.",
        ),
        (
            r"ModuleNotFoundError: No module named 'sklearn\.(?:cross_validation|grid_search|learning_curve)'",
            f"{_OLD_SKLEARN} import the name from sklearn.model_selection.",
        ),
        (
            r"ImportError: cannot import name 'Imputer' from 'sklearn\.preprocessing'",
            f"{_OLD_SKLEARN} use sklearn.impute.SimpleImputer.",
        ),
        (
            r"ImportError: cannot import name 'plot_\w+' from 'sklearn\.metrics'",
            f"{_SKLEARN}, or use the Display classes of sklearn.metrics (ConfusionMatrixDisplay.from_estimator).",
        ),
        (r"ImportError:\s+`load_boston` has been removed from scikit-learn", f"{_SKLEARN}, or use another data set."),
        (
            r"ImportError: cannot import name '(?:Mapping|MutableMapping|Iterable|Sequence|Callable)' from "
            r"'collections'",
            "The script, or a package that it uses, was written for Python before 3.10: import the name from "
            "collections.abc, or use a newer version of the package.",
        ),
        (
            r"AttributeError: module 'tensorflow' has no attribute "
            r"'(?:Session|placeholder|ConfigProto|get_default_graph|global_variables_initializer)'",
            "The script was written for TensorFlow 1: use `import tensorflow.compat.v1 as tf` with "
            "tf.disable_v2_behavior().",
        ),
    )
)


def advice(exception: str) -> str:
    """What helps against an exception (its name and message) that says that a package has changed; "" for others."""
    return next((text for pattern, text in _TABLE if pattern.match(exception)), "")
