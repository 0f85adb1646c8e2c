"""The books that reads are measured on: which accounts and items there are. The same every time.

Of each open item there are three that are closed, and ten movements. Items come in the order of
time over two years; what was issued last is open, of what was before one in seven.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from services.dunning.work.domain.case.decide import case_stream
from services.ledger.customers.domain.account.decide import account
from shared.kernel.decider import Book
from shared.kernel.ids import partition_of

SEEDED: Final = "SEEDED"  # The legal entity that owns it all.
ZONE: Final = "Asia/Shanghai"
ITEMS_EACH: Final = 10  # open items of an account, on average
ITEMS_OF_OPEN: Final = 4  # items of each open one
DAYS: Final = 730  # days over which the items were issued
STRIDE: Final = (
    7_919  # accounts from an item's to the next one's; prime, so that all have their turn
)
REVIEWS: Final = 12  # month ends with a score, of each account
LATE_DAYS_MAX: Final = 80  # days after it was issued an item is closed at the latest


class SeededBooks(NamedTuple):
    """So many open items of a tenant, as they stand on a day."""

    tenant_id: UUID
    items: int
    day: date

    @property
    def accounts(self) -> int:
        return self.items // ITEMS_EACH


class SeededAccount(NamedTuple):
    """An account with all that cannot be computed in SQL."""

    n: int
    number: str
    currency: str
    account_id: UUID
    case_id: UUID
    partition_no: int


COLUMNS: Final = """
  n bigint PRIMARY KEY, number text, currency text, account_id uuid, case_id uuid,
  partition_no bigint"""


def accounts_of(books: SeededBooks) -> Iterator[SeededAccount]:
    """Every tenth in another currency."""
    book = Book(books.tenant_id, SEEDED)
    for n in range(books.accounts):
        number, currency = f"C-{n:07}", "USD" if n % 10 == 0 else "CNY"
        id = account.stream(book, number).id
        case_id = case_stream(book, account_id=id, currency=currency).id
        yield SeededAccount(n, number, currency, id, case_id, partition_of(id))


def items_of(books: SeededBooks) -> str:
    """The query that gives every item, as each service sees a part of it.

    Three in eight are unallocated money, one in eighty of them still open.
    """
    count = books.items * ITEMS_OF_OPEN
    last = count - books.items // 2  # From here on all are open, before it one in seven.
    return f"""
SELECT i, a.n, a.number AS account_number, a.account_id, a.case_id, a.partition_no, a.currency,
       x.is_open, x.is_rest, x.issued_on,
       x.issued_on + time '04:00' AT TIME ZONE 'UTC' AS issued_at,
       CASE WHEN x.is_rest OR i % 97 = 0 THEN NULL
            ELSE x.issued_on + 30 * (1 + (a.n % 3)::int) END AS due_on,
       CASE WHEN x.is_rest THEN -1 ELSE 1 END * (10000 + i * 37 % 1000000) AS minor,
       md5('item ' || i)::uuid AS open_item_id, md5('stream ' || i)::uuid AS stream_id,
       x.issued_on + 20 + (i % 20)::int AS moved_on,
       x.issued_on + 40 + (i % 40)::int AS closed_on
  FROM generate_series(0, {count - 1}::bigint) AS i
 CROSS JOIN LATERAL (
       SELECT i >= {last} OR i % 7 = 0 AS is_open,
              CASE WHEN i >= {last} OR i % 7 = 0 THEN i % 80 = 0 ELSE i % 2 = 1 END AS is_rest,
              DATE '{books.day}' - {DAYS - 1} + (i * {DAYS} / {count})::int AS issued_on) AS x
  JOIN seed_account a ON a.n = (i * {STRIDE}) % {books.accounts}"""
