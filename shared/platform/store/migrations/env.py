"""Run by alembic for every migration of the platform's tables."""

from shared.platform.database.migrations import run_environment

run_environment()
