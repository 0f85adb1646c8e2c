"""What credit alone can be told: nothing yet."""

from __future__ import annotations

from typing import Self

from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.platform.hosting.settings import PlatformSettings


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DUEBOOK_CREDIT_", frozen=True, extra="ignore")

    @classmethod
    def of(cls, platform: PlatformSettings) -> Self:
        return cls()
