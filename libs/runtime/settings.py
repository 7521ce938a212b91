"""Settings: frozen, each with a description and its unit; unknown `NEWSFOLD_*` variables are errors.

Every setting is an environment variable `NEWSFOLD_<NAME>`; `NEWSFOLD_<NAME>_FILE` names a file that holds the value
(for secrets). The reference page is made from these classes.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "NEWSFOLD_"
FILE_SUFFIX = "_FILE"


class SettingsError(ValueError):
    """A setting is unknown, missing or wrong; the message names the variable."""


class _FromFiles(PydanticBaseSettingsSource):
    """Reads `NEWSFOLD_X_FILE` for setting x; giving both forms is an error."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = PREFIX + field_name.upper()
        path = os.environ.get(variable + FILE_SUFFIX)
        if path is None:
            return None, field_name, False
        if variable in os.environ:
            raise SettingsError(f"both {variable} and {variable}{FILE_SUFFIX} are set: keep one")
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as error:
            raise SettingsError(f"{variable}{FILE_SUFFIX}: cannot read {path}: {error.strerror}") from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """What every service needs to know."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    nats_url: SecretStr = Field(
        SecretStr("nats://127.0.0.1:4222"),
        description="Where NATS listens; an nkey's seed may stand in the place of the user.",
    )
    postgres_url: SecretStr = Field(
        SecretStr("postgresql://newsfold@127.0.0.1:5432/newsfold"),
        description="Where PostgreSQL listens, with user and database.",
    )
    opensearch_url: SecretStr = Field(SecretStr("http://127.0.0.1:9200"), description="Where OpenSearch listens.")
    blobs_url: str = Field("file:.newsfold/blobs", description="Where captured bytes are kept: `file:` and a folder.")
    data_dir: Path = Field(Path(".newsfold"), description="Folder of the local engines, blobs, logs and run state.")
    metrics_host: str = Field("127.0.0.1", description="Address on which `/metrics` and `/health` are served.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of `/metrics` and `/health`; 0 takes a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    postgres_pool: int = Field(8, ge=2, le=100, description="Connections to PostgreSQL that a service may hold.")
    grace_seconds: float = Field(20, gt=0, description="Seconds that work in hand may take after SIGTERM.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _FromFiles(settings_cls), env_settings


# Variables that are no settings of a service: read by the command, the tests or the failpoints.
OTHER_VARIABLES = frozenset(
    {"FAILPOINT", "SHARED", "BUILD_CA", "VERSION", "NATS_PORT", "POSTGRES_PORT", "OPENSEARCH_PORT"}
)


def refuse_unknown(classes: tuple[type[Settings], ...], environment: Mapping[str, str]) -> None:
    """Raise SettingsError if a `NEWSFOLD_*` variable is no setting of any of `classes`: it would silently do nothing."""
    known = {name.upper() for kind in classes for name in kind.model_fields} | OTHER_VARIABLES
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if name != variable and name not in known and name.removesuffix(FILE_SUFFIX) not in known:
            raise SettingsError(f"{variable} is no setting of Newsfold (see docs/reference/settings.md)")
