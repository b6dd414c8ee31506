"""Where secrets are found: environment variables by name, and Airflow's connections the way Airflow finds them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.deliver.ledger import DeliveryError

if TYPE_CHECKING:
    from airflow.sdk import Connection

_PROJECT = Path(__file__).resolve().parents[2]


def variable(name: str) -> str:
    """The environment variable's value. Raises DeliveryError for one that is not set, or empty."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise DeliveryError(f"Expected the environment variable {name}, which the market file names, to be set; it is not.")
    return value


def airflow_home() -> None:
    """Airflow makes a folder with a configuration of its own in the user's home where it is not told of another."""
    os.environ.setdefault("AIRFLOW_HOME", str(_PROJECT))


def connection(name: str) -> "Connection":
    """An Airflow connection: AIRFLOW_CONN_<NAME>, a secrets backend, or what Airflow's database has. Raises DeliveryError."""
    airflow_home()
    from airflow.sdk import BaseHook  # noqa: PLC0415 - two seconds, and only for recipients that name a connection
    from airflow.sdk.exceptions import AirflowException  # noqa: PLC0415 - as above

    try:
        return BaseHook.get_connection(name)
    except AirflowException as error:
        raise DeliveryError(
            f"Expected the Airflow connection {name}, which the market file names, found none. Set AIRFLOW_CONN_{name.upper()}, or add it "
            "with `airflow connections add`."
        ) from error
