"""What schemathesis cannot know from the documents, each with its reason. Named in its toml."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st
from requests.exceptions import JSONDecodeError
from schemathesis import Case, HookContext
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response

from shared.platform.http.models import DAY_MAX, DAY_MIN

# A good request that is refused with these words, and why no schema can say it.
EXPLAINED: Final = {
    # The list of currencies changes; a schema knows their form.
    "Must be an active ISO 4217 code.",
    # The order of numbers in a text is more than a pattern can say.
    "Must be ascending days from 1 on, such as 30,60,90.",
    # Unicode's categories are more than a pattern can say, and so is a blank at either end.
    "Must not contain control characters.",
    "Must not contain control or invisible characters.",
    "Must neither be blank nor begin or end with a blank.",
    # The coverage phase sends 0 for the pattern of an ETag, which it does not match.
    'Must be one ETag such as "v3".',
}


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Leaves out of a good request what only we can make: a cursor and a consistency token."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.query.pop("cursor", None)
        case.headers.pop("Consistency-Token", None)


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Keeps every failure that is not explained: a refusal here, a dry run without a key below."""
    if "negative_data_rejection" in failure.checks:
        return not _is_dry_run_without_key(case)
    if "positive_data_acceptance" not in failure.checks:
        return True
    try:
        faults = response.json()["errors"]
    except (JSONDecodeError, KeyError):
        return True
    return any(fault["detail"] not in EXPLAINED for fault in faults)


def _is_dry_run_without_key(case: Case[Any]) -> bool:
    """A dry run needs no key, and no schema can say that one parameter hangs on another."""
    is_good_body = case.meta is not None and not case.meta.is_negative_at(ParameterLocation.BODY)
    is_dry_run = str(case.query.get("dry_run")).lower() == "true"
    return is_good_body and is_dry_run and "Idempotency-Key" not in case.headers


@schemathesis.serializer("application/x-ndjson")
def _lines(context: object, value: object) -> bytes:
    """Sends a file of lines as it is."""
    return str(value).encode()


# Days and instants that the business has: of the rest the pattern would leave next to nothing.
schemathesis.openapi.format("date", st.dates(DAY_MIN, DAY_MAX).map(str))
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(DAY_MIN.year, 1, 2), datetime(DAY_MAX.year, 12, 30)).map(  # noqa: DTZ001
        lambda instant: instant.replace(tzinfo=UTC).isoformat()
    ),
)
