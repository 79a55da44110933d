"""Code that reads tables into data frames."""

from __future__ import annotations

from tests.migrate.rules.support import convert

_READ = """\
from azureml.core import Dataset, Workspace
{above}
ws = Workspace.from_config()
tab = Dataset.Tabular.from_delimited_files("https://example.org/a.csv")
{head}frame = tab.to_pandas_dataframe(){below}
"""


def test_pandas_is_there_before_a_cell_further_below_imports_it() -> None:
    text = convert(_READ.format(above="", head="", below="\nimport pandas as pd\nprint(pd.__version__)")).text
    assert "frame = pd.read_csv(" in text
    assert text.index("import pandas as pd") < text.index("pd.read_csv(") < text.rindex("import pandas as pd")


def test_pandas_is_not_imported_twice() -> None:
    above = convert(_READ.format(above="import pandas as pd", head="", below="")).text
    function = _READ.format(above="", head="\n\ndef read():\n    ", below="\n    return frame\n\n\nimport pandas as pd")
    assert above.count("import pandas") == 1 and "= pd.read_csv(" in above
    assert convert(function).text.count("import pandas") == 1


_GIVEN = """\
from azureml.core import Dataset, Workspace


def read(rows):
    return rows.to_pandas_dataframe(), rows.take(5).to_pandas_dataframe()


ws = Workspace.from_config()
tab = {made}
print(read(tab))
"""


def test_a_function_reads_a_table_that_is_not_registered_from_its_path_as_text() -> None:
    """The path of an entity with files of this machine is no text, and mltable takes nothing else."""
    made = 'Dataset.Tabular.from_delimited_files([(ws.get_default_datastore(), "a/*.csv")])'
    here, registered = convert(_GIVEN.format(made=made)).text, convert(_GIVEN.format(made='ws.datasets["a"]')).text
    assert here.count("mltable.load(str(rows.path))") == 2
    assert registered.count("mltable.load(rows.path)") == 2
