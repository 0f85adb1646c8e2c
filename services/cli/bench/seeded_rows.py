"""The rows of the seeded books in the read models of each service, as queries of SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from services.cli.bench.seeded_books import REVIEWS, SEEDED, ZONE, SeededBooks

DETAILS: Final = json.dumps(
    {
        "indicators": [
            {"id": id, "status": "available", "value": "12.5714", "sub_score": 70, "weight": 30}
            for id in ("ADBT", "LATE_AMT", "UTIL")
        ],
        "reasons": [],
        "caps": [],
    }
)


def of_ledger(books: SeededBooks) -> Mapping[str, str]:
    """Accounts, open and closed items, their movements, and the totals of what is open."""
    tenant = f"'{books.tenant_id}'::uuid"
    first = f"(DATE '{books.day}' - 800)"
    due = "coalesce(due_on, DATE '9999-12-31')"
    number = "CASE WHEN is_rest THEN 'P-' ELSE 'I-' END || i"
    kind = "CASE WHEN is_rest THEN 'unallocated' ELSE 'installment' END"
    last = "CASE WHEN is_open THEN issued_on ELSE closed_on END"
    return {
        "legal_entity": f"""
(tenant_id, code, legal_entity_id, name, time_zone, currency, registered_on, notice_minimum_minor,
 version)
VALUES ({tenant}, '{SEEDED}', md5('entity')::uuid, 'Seeded', '{ZONE}', 'CNY', {first}, 0, 1)""",
        "account": f"""
(tenant_id, account_id, legal_entity, number, time_zone, currency, party_id, opened_on, version)
SELECT {tenant}, account_id, '{SEEDED}', number, '{ZONE}', currency, md5('party ' || n)::uuid,
       {first}, 1 FROM seed_account ORDER BY n""",
        "open_item": f"""
(tenant_id, open_item_id, legal_entity, account_id, account_number, kind, stream_id, number,
 installment, currency, dated_on, due_on, listed_on, open_minor, first_on, first_at, last_on,
 last_at)
SELECT {tenant}, open_item_id, '{SEEDED}', account_id, account_number, {kind}, stream_id, {number},
       CASE WHEN is_rest THEN 0 ELSE 1 END, currency, issued_on, due_on, {due},
       CASE WHEN is_open THEN minor ELSE 0 END, issued_on, issued_at, {last},
       {last} + time '04:00' AT TIME ZONE 'UTC' FROM seed_item""",
        "open_item_movement": f"""
(tenant_id, open_item_id, version, effective_on, recorded_at, currency, minor, type)
SELECT {tenant}, open_item_id, m.version, m.moved_on, m.moved_on + time '04:00' AT TIME ZONE 'UTC',
       currency, m.minor, m.type
  FROM seed_item
 CROSS JOIN LATERAL (VALUES
       (1, issued_on, minor,
        CASE WHEN is_rest THEN 'ledger.payment.received.v1' ELSE 'ledger.invoice.issued.v1' END),
       (2, moved_on, -(minor / 2), CASE WHEN is_rest THEN 'ledger.payment.allocated.v1'
                                        ELSE 'ledger.invoice.payment_applied.v1' END),
       (3, closed_on, minor / 2 - minor, CASE WHEN is_rest THEN 'ledger.payment.allocated.v1'
                                              ELSE 'ledger.invoice.payment_applied.v1' END)
       ) AS m (version, moved_on, minor, type)
 WHERE m.version = 1 OR NOT is_open""",
        "open_total": f"""
(tenant_id, legal_entity, partition_no, currency, kind, listed_on, due_on, item_count, minor)
SELECT {tenant}, '{SEEDED}', partition_no, currency, {kind}, {due}, due_on, count(*), sum(minor)
  FROM seed_item WHERE is_open GROUP BY 3, 4, 5, 6, 7""",
    }


def of_credit(books: SeededBooks) -> Mapping[str, str]:
    """Files with a score at every month end, exposures, and limits: one in fifty is exceeded."""
    tenant, day = f"'{books.tenant_id}'::uuid", f"DATE '{books.day}'"
    month_ends = f"generate_series(1, {REVIEWS}) AS m"
    month_end = f"(date_trunc('month', {day}) - make_interval(months => m - 1))::date - 1"
    points = "(n * 7919 + m * 104729) % 1000000"
    at_four = "+ time '04:00' AT TIME ZONE 'UTC'"
    limit = "CASE WHEN n % 50 = 0 THEN 1 WHEN n % 10 <> 5 THEN 1000000000000 END"
    return {
        "credit_file": f"""
(tenant_id, account_id, legal_entity, account_number, time_zone, currency, opened_on, scored_as_of,
 sort_points, version)
SELECT {tenant}, account_id, '{SEEDED}', number, '{ZONE}', currency, {day} - 800, {month_end},
       {points}, {1 + REVIEWS} FROM seed_account CROSS JOIN (VALUES (1)) AS last (m) ORDER BY n""",
        "credit_review": f"""
(tenant_id, account_id, as_of, started_at, scored_at, score_points, score, coverage, band,
 allocations, details)
SELECT {tenant}, account_id, {month_end}, ({month_end}) {at_four}, ({month_end}) {at_four},
       {points}, to_char(({points}) / 10000.0, 'FM990.0000'), '0.8500', '一般', 12, '{DETAILS}'
  FROM {month_ends} CROSS JOIN seed_account ORDER BY m DESC, n""",
        "credit_grade": f"""
(tenant_id, account_id, as_of, grade, from_grade, recorded_at)
SELECT {tenant}, account_id, {month_end},
       CASE WHEN m = 12 THEN '良好' WHEN n % 4 = 0 THEN '较差' ELSE '一般' END,
       CASE WHEN m = 12 THEN '未评级' ELSE '良好' END, ({month_end}) {at_four}
  FROM {month_ends} CROSS JOIN seed_account WHERE m IN (4, 12) ORDER BY m DESC, n""",
        "exposure_account": f"""
(tenant_id, account_id, legal_entity, account_number, time_zone, currency)
SELECT {tenant}, account_id, '{SEEDED}', number, '{ZONE}', currency FROM seed_account ORDER BY n""",
        "exposure_movement": f"""
(tenant_id, account_id, stream_id, version, currency, minor, effective_on, recorded_at)
SELECT {tenant}, account_id, stream_id, 1, currency, minor, issued_on, issued_at FROM seed_item""",
        "exposure_limit": f"""
(tenant_id, account_id, version, currency, limit_minor, effective_on, recorded_at)
SELECT {tenant}, account_id, 1, currency, {limit}, {day} - 700, ({day} - 700) {at_four}
  FROM seed_account WHERE n % 10 <> 5 ORDER BY n""",
        "exposure_now": f"""
(tenant_id, account_id, currency, minor, limit_minor, is_exceeded, last_on, last_at)
SELECT {tenant}, account_id, currency, sum(minor), {limit}, coalesce(sum(minor) > {limit}, false),
       max(issued_on), max(issued_at) FROM seed_item GROUP BY account_id, n, currency ORDER BY n""",
    }


def of_dunning(books: SeededBooks) -> Mapping[str, str]:
    """A case for each account of which something is overdue, a task for every tenth of them."""
    tenant, day = f"'{books.tenant_id}'::uuid", f"DATE '{books.day}'"
    overdue = f"is_open AND due_on < {day}"
    step = f"CASE WHEN {day} - due_on >= 30 THEN 30 ELSE 1 END"
    invoice = "open_item_id, stream_id, 'I-' || i, 1, due_on"
    case = f"""
SELECT case_id, n, account_id, account_number, currency, min(due_on) AS due_on, count(*) AS items,
       sum(minor) AS minor
  FROM seed_item WHERE {overdue} GROUP BY 1, 2, 3, 4, 5"""
    task = "md5('task ' || n)::uuid"
    return {
        "known_legal_entity": f"""
(tenant_id, legal_entity, currency, minimum_minor) VALUES ({tenant}, '{SEEDED}', 'CNY', 0)""",
        "known_account": f"""
(tenant_id, account_id, legal_entity, number, time_zone, currency)
SELECT {tenant}, account_id, '{SEEDED}', number, '{ZONE}', currency FROM seed_account ORDER BY n""",
        "known_grade": f"""
(tenant_id, account_id, effective_on, grade)
SELECT {tenant}, account_id, {day} - 30 * m,
       CASE WHEN m = 12 THEN '良好' WHEN n % 4 = 0 THEN '较差' ELSE '一般' END
  FROM unnest(ARRAY[4, 12]) AS m CROSS JOIN seed_account ORDER BY m DESC, n""",
        "known_open_item": f"""
(tenant_id, open_item_id, account_id, invoice_id, invoice_number, installment, due_on, currency,
 open_minor, latest_step)
SELECT {tenant}, open_item_id, account_id, stream_id, 'I-' || i, 1, due_on, currency,
       CASE WHEN is_open THEN minor ELSE 0 END, CASE WHEN {overdue} THEN {step} END
  FROM seed_item WHERE due_on IS NOT NULL""",
        "known_overdue": f"""
(tenant_id, account_id, currency, minus_minor)
SELECT {tenant}, account_id, currency, -minor FROM ({case}) AS c ORDER BY n""",
        "dunning_case": f"""
(tenant_id, id, account_id, account_number, legal_entity, currency, status, opened_on, version)
SELECT {tenant}, case_id, account_id, account_number, '{SEEDED}', currency, 'open', due_on + 1,
       1 + items FROM ({case}) AS c ORDER BY due_on, n""",
        "dunning_case_item": f"""
(tenant_id, case_id, open_item_id, invoice_id, invoice_number, installment, due_on)
SELECT {tenant}, case_id, {invoice} FROM seed_item WHERE {overdue}""",
        "case_plan": f"""
(tenant_id, case_id, account_id, currency, last_notice_on, last_notice_step)
SELECT {tenant}, case_id, account_id, currency, {day} - 20, 30 FROM ({case}) AS c ORDER BY n""",
        "dunning_task": f"""
(tenant_id, id, account_id, account_number, legal_entity, kind, oldest_due_on, step, grade,
 currency, item_count, open_minor, status, opened_on, version)
SELECT {tenant}, {task}, account_id, account_number, '{SEEDED}', 'phone', due_on, 30, '一般',
       currency, items, minor, 'open', {day} - 10, 1
  FROM ({case}) AS c WHERE n % 10 = 3 ORDER BY n""",
        "dunning_task_item": f"""
(tenant_id, task_id, open_item_id, invoice_number, installment, due_on, currency, open_minor)
SELECT {tenant}, {task}, open_item_id, 'I-' || i, 1, due_on, currency, minor
  FROM seed_item WHERE {overdue} AND n % 10 = 3""",
    }


ROWS: Final[Mapping[str, Callable[[SeededBooks], Mapping[str, str]]]] = {
    "ledger": of_ledger,
    "credit": of_credit,
    "dunning": of_dunning,
}
