"""Run by alembic for every migration of this service."""

from shared.platform.database.migrations import run_environment

run_environment()
