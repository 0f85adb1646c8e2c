"""Writes SQL conditions for what was so at a moment: learned by then, not undone by then."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from shared.platform.projector.keyset import AnyColumn
from shared.platform.projector.moment import At

Condition = sa.ColumnElement[bool]


def happened_by(at: At, on: AnyColumn, learned_at: AnyColumn) -> Sequence[Condition]:
    """What has its business day `on` up to the day asked about, and was learned by then."""
    return (on <= at.as_of, learned_at <= at.as_known)


def is_undone(at: At, undone_on: AnyColumn, learned_at: AnyColumn) -> Condition:
    """Whether it was undone by then; the columns are null for what never was."""
    return sa.and_(undone_on.is_not(None), *happened_by(at, undone_on, learned_at))


def lasting(
    at: At,
    done: tuple[AnyColumn, AnyColumn],
    undone: tuple[AnyColumn, AnyColumn],
) -> Sequence[Condition]:
    """What was done by then and not undone by then: a business day and an instant of each."""
    return (*happened_by(at, *done), sa.not_(is_undone(at, *undone)))
