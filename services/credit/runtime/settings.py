"""What credit alone can be told."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from shared.platform.hosting.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="DUEBOOK_CREDIT_")
