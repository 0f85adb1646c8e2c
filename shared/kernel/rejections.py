"""Refusals that mean the same in every service; a rule of one aggregate is beside its raiser."""

from __future__ import annotations

from shared.kernel.decider import Rejected


class NumberAlreadyUsed(Rejected):
    """Another thing of the same kind in this legal entity has this number."""


class UnknownAccount(Rejected):
    """No account of this tenant is meant."""


class AmountNotPositive(Rejected):
    """An amount that has to be above zero is not."""


class CurrencyMismatch(Rejected):
    """An amount is in another currency than what it is compared with or added to."""


class EffectiveDateOutOfRange(Rejected):
    """Before the first possible day, before what it rests on, or after the entity's today."""
