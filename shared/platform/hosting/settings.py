"""Reads settings from the environment, prefix DUEBOOK_, each with type, default and meaning.

A secret has no default. What a service alone can be told stands in its own runtime/settings.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url

from shared.platform.http.models import read_instant
from shared.platform.log.kafka_topics import REPLICAS_MAX

PREFIX: Final = "DUEBOOK_"
LOG_DATABASE: Final = "log"  # The Postgres log's database is named like a service's.
TENANT_DEFAULT: Final = UUID("7d1f0c6a-0000-4000-8000-000000000001")


class DatabaseUnknown(ValueError):
    """Neither a server nor a database is set."""


def _loopback(host: str) -> str:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError("must be a loopback address: there is no authentication yet")
    return host


def _numbers(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Numbers = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_numbers)]
"""Written 30,60,90."""

Host = Annotated[str, AfterValidator(_loopback)]
At = Annotated[datetime, BeforeValidator(read_instant)]


class PlatformSettings(BaseSettings):
    """Holds the settings of every process of Duebook."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    tenant_id: UUID = Field(
        default=TENANT_DEFAULT, description="The one tenant, until there is authentication."
    )
    host: Host = Field(default="127.0.0.1", description="Address to listen on; loopback only.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port to listen on.")
    data: Path | None = Field(
        default=None, description="Folder of the embedded server and of outgoing mail."
    )
    database_url: str | None = Field(
        default=None, description="A PostgreSQL server to use instead of the embedded one."
    )
    log_database_url: str | None = Field(
        default=None, description="The log's database, if elsewhere."
    )
    kafka: str | None = Field(
        default=None,
        pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$",
        description="Kafka brokers, host:port,host:port; without it the log is in PostgreSQL.",
    )
    kafka_replicas: int | None = Field(
        default=None,
        ge=1,
        le=REPLICAS_MAX,
        description="Copies of each partition; default: one per broker, at most 3.",
    )
    clock: Literal["system", "manual"] = Field(
        default="system", description="Domain clock: the system's, or one moved by hand."
    )
    clock_start: At | None = Field(
        default=None, description="Where a manual clock begins when it was never set; default: now."
    )
    instance: str | None = Field(
        default=None,
        description="Stable name of the process as owner of leases; default: host and number.",
    )
    lease_ttl_s: float = Field(
        default=15.0,
        gt=0,
        le=300,
        description="Seconds after which a silent owner loses its partitions.",
    )
    topic_prefix: str = Field(
        default="", pattern=r"^[a-z0-9.-]{0,40}$", description="Before every topic's name."
    )
    cursor_key: SecretStr | None = Field(
        default=None,
        description="Secret that signs list cursors; without it they are only checksummed.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="The least that is logged."
    )

    @property
    def log_needs_server(self) -> bool:
        """Whether the log is a database that no setting names."""
        return self.kafka is None and self.log_database_url is None

    @property
    def log_url(self) -> str:
        """Where the log is, if it is in PostgreSQL. Raises DatabaseUnknown."""
        return self.log_database_url or self.database_url_of(LOG_DATABASE)

    def database_url_of(self, name: str) -> str:
        """The database of that name on the server that holds all. Raises DatabaseUnknown."""
        if self.database_url is None:
            raise DatabaseUnknown(
                f"set {PREFIX}DATABASE_URL or {PREFIX}{name.upper()}_DATABASE_URL"
            )
        url = make_url(self.database_url).set(database=f"duebook_{name}")
        return url.render_as_string(hide_password=False)


class ServiceSettings(BaseSettings):
    """Holds the settings of one service alone. Its own class sets the prefix DUEBOOK_<NAME>_."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str | None = Field(
        default=None, description="The database of this service, if elsewhere."
    )

    def beside(self, platform: PlatformSettings) -> Self:
        """These, with the defaults that follow from where the process runs."""
        return self


class Row(NamedTuple):
    """One setting, as the table shows it."""

    name: str
    default: str
    meaning: str


def rows_of(kinds: Iterable[type[BaseSettings]]) -> Sequence[Row]:
    """Every setting of these classes, in their order."""
    return [
        Row(
            f"{kind.model_config.get('env_prefix', '')}{name}".upper(),
            _default(field),
            field.description or "",
        )
        for kind in kinds
        for name, field in kind.model_fields.items()
    ]


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value == "":
        return "-"
    if isinstance(value, tuple):
        return ",".join(str(one) for one in value)
    return " ".join(str(value).splitlines())
