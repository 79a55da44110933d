"""Azure Open Datasets: where the public files of azureml-opendatasets are.

Source: the pages of the datasets in the documentation of Azure Open Datasets, which name container, path and columns.
"""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT = "azureopendatastorage"


@dataclass(frozen=True)
class OpenDataset:
    """A dataset. ``pattern``: its files, where it is not a table of parquet files; ``time``: the column of the time
    that start_date and end_date are about; ``year``: the column that the folders of the years are named after;
    ``keys``: columns that SDK v1 reads besides those that are asked for, as it does that of the time."""

    container: str
    path: str = ""
    pattern: str = ""
    time: str = ""
    year: str = ""
    keys: tuple[str, ...] = ()

    @property
    def always(self) -> tuple[str, ...]:
        """The columns that are read whatever is asked for."""
        return (*filter(None, [self.time]), *self.keys)

    @property
    def folder(self) -> str:
        """Its folder, for fsspec."""
        return f"abfs://{self.container}/{self.path}"

    @property
    def address(self) -> str:
        """Its folder, for a data asset."""
        return f"wasbs://{self.container}@{ACCOUNT}.blob.core.windows.net/{self.path}"

    @property
    def files(self) -> str:
        """The pattern of its files, for fsspec."""
        return "/".join(filter(None, (self.container, self.path, self.pattern or "**.parquet")))


def _city(name: str) -> OpenDataset:
    return OpenDataset("citydatacontainer", f"Safety/Release/city={name}", time="dateTime")


#: Class of azureml-opendatasets -> its files.
OPEN = {
    "MNIST": OpenDataset("mnist", pattern="*.gz"),
    "OjSalesSimulated": OpenDataset("ojsales-simulatedcontainer", "oj_sales_data", pattern="*.csv"),
    "Diabetes": OpenDataset("mlsamples", "diabetes"),
    "PublicHolidays": OpenDataset(
        "holidaydatacontainer", "Processed", time="date", keys=("countryOrRegion", "countryRegionCode")
    ),
    "NycTlcGreen": OpenDataset("nyctlc", "green", time="lpepPickupDatetime", year="puYear"),
    "NycTlcYellow": OpenDataset("nyctlc", "yellow", time="tpepPickupDateTime", year="puYear"),
    "NycTlcFhv": OpenDataset("nyctlc", "fhv", time="pickupDateTime", year="puYear"),
    "NoaaIsdWeather": OpenDataset(
        "isdweatherdatacontainer",
        "ISDWeather",
        time="datetime",
        year="year",
        keys=("latitude", "longitude", "usaf", "wban"),
    ),
    "BostonSafety": _city("Boston"),
    "ChicagoSafety": _city("Chicago"),
    "NycSafety": _city("NewYorkCity"),
    "SanFranciscoSafety": _city("SanFrancisco"),
    "SeattleSafety": _city("Seattle"),
}
