"""Run by alembic for every migration of this service."""

from shared.platform.migrations import run_environment

run_environment()
