"""Rules of several aggregates: one rule, one name. Others stand beside their raiser."""

from __future__ import annotations

from shared.kernel.decider import Rejected


class NumberAlreadyUsed(Rejected):
    """Another thing of the same kind in this legal entity has this number."""


class UnknownAccount(Rejected): ...


class AmountNotPositive(Rejected): ...


class CurrencyMismatch(Rejected): ...


class EffectiveDateOutOfRange(Rejected):
    """Before the first possible day, before what it rests on, or after the entity's today."""
