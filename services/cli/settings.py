"""Settings of the command `newsfold` alone."""

from pydantic import Field, SecretStr

from libs.runtime.settings import Settings


class CliSettings(Settings):
    """What provisioning and pruning need to know beyond the engines."""

    prune_days: int = Field(
        0,
        ge=0,
        description="Age in days from which `newsfold prune` removes what is needed no more; 0 keeps everything.",
    )
    postgres_roles: SecretStr | None = Field(
        None,
        description="Passwords of the services' roles in PostgreSQL, `role=password` a line, as `newsfold init` writes"
        " them; `provision` then makes roles and grants. Unset: every service uses the owner's account.",
    )
