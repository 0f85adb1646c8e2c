"""Rules that several aggregates break alike: one rule, one name. Others are beside their raiser."""

from __future__ import annotations

from shared.kernel.decider import Rejected


class NumberAlreadyUsed(Rejected):
    """Another thing of the same kind in this legal entity has this number."""


class UnknownAccount(Rejected):
    """No such account, or dunning has not heard of it yet."""


class EffectiveDateOutOfRange(Rejected):
    """It lies ahead of the account's today."""
