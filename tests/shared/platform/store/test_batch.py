"""Decisions of one transaction, without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.kernel.decider import (
    EVENTS_MAX,
    STREAMS_MAX,
    Accepted,
    AnyChange,
    Armed,
    Cause,
    KeyReused,
    PrivateRow,
    StaleVersion,
    States,
    TooMuchAtOnce,
    UnknownStream,
    Work,
)
from shared.kernel.ids import derived, partition_of, timer_event_id
from shared.platform.store.batch import Batch, Loaded, UndeclaredTable, decode_response
from shared.platform.store.folding import after_event, before_first_event
from shared.platform.store.port import DuplicateEvent, Head, TimerRow
from tests.support.toy import wallet
from tests.support.toy.wallet import (
    ACCOUNT,
    CODEC,
    FIRST_ID,
    NOW,
    OTHER_TENANT,
    TENANT,
    TODAY,
    caller,
)

LATER = NOW + timedelta(hours=1)
EARLIER = datetime(2026, 3, 1, 16, tzinfo=UTC)


def batch(*, loaded: Loaded | None = None) -> Batch:
    found = loaded or Loaded({}, {}, {}, {})
    return Batch(found, CODEC, wallet.topics_of, FIRST_ID, private_tables={"party"})


def history(number: str, *events: wallet.Event, kind: str = "wallet") -> Loaded:
    """A stream as the transaction finds it."""
    name = wallet.stream(number)
    folded = before_first_event(wallet.wallet)
    for event in events:
        folded = after_event(
            folded,
            wallet.wallet,
            event,
            account_id=ACCOUNT,
            legal_entity="CN01",
            recorded_at=NOW,
        )
    return Loaded({name.id: Head(len(events), kind, TENANT)}, {name.id: folded}, {}, {})


def with_coins(coins: int) -> Loaded:
    return history("a", wallet.Opened(ACCOUNT, NOW), wallet.Filled(coins))


def accepted(outcome: Accepted | Exception) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


class TestOneWork:
    def test_describes_a_new_stream_and_its_events(self) -> None:
        one = batch()
        outcome = accepted(one.run(wallet.open_wallet("a", 5), caller("k", b"\x01")))
        writes, id = one.writes(), wallet.stream("a").id
        assert outcome == Accepted(b'{"coins":[5]}', 2, {id: 2})
        [created] = writes.created
        assert (created.version, created.account_id, created.legal_entity) == (2, ACCOUNT, "CN01")
        assert [(e.version, e.type) for e in writes.events] == [
            (1, "toy.wallet.opened.v1"),
            (2, "toy.wallet.filled.v1"),
        ]
        assert writes.events[1].partition == partition_of(ACCOUNT)
        assert (writes.expected, writes.moved) == ({}, {})
        assert decode_response(writes.keys[TENANT, "k"].response) == replace(outcome, replayed=True)

    def test_puts_the_envelope_around_every_event(self) -> None:
        one = batch()
        cause = Cause(UUID(int=7), LATER, "topic/3/9", TODAY, EARLIER)
        one.run(
            wallet.open_wallet("a", 5),
            replace(caller("k", b"\xab"), cause=cause, traceparent="00-1-2-01"),
        )
        first, second = one.writes().events
        assert first.id == UUID(int=FIRST_ID)
        assert second.id == UUID(int=FIRST_ID + 1)
        assert second.headers == {
            "subject": str(wallet.stream("a").id),
            "time": "2026-03-01T16:00:00Z",
            "entityid": "CN01",
            "actor": "tester",
            "correlationid": str(wallet.CORRELATION),
            "causationid": str(UUID(int=7)),
            "causationpos": "topic/3/9",
            "commandid": "k",
            "commandhash": "ab",
            "traceparent": "00-1-2-01",
            "txid": str(first.id),
            "txindex": "2",
            "txcount": "2",
        }
        assert second.recorded_at == LATER  # Nothing is learned before its cause.

    def test_says_what_an_event_is_about_and_when_that_happened(self) -> None:
        name, item = wallet.stream("a"), UUID(int=0xD431)
        dated = wallet.change(name, wallet.Spent(1))._replace(happened_at=EARLIER, subject=item)
        one = batch(loaded=with_coins(5))
        accepted(one.run(Work((name,), lambda states: [dated], wallet.answer(name)), caller()))
        [spent] = one.writes().events
        assert (spent.headers["subject"], spent.headers["time"]) == (
            str(item),
            "2026-03-01T16:00:00Z",
        )

    @pytest.mark.parametrize(
        ("cause", "time"),
        [
            (None, "2026-03-02T08:00:00Z"),  # When it was recorded.
            (Cause(UUID(int=7), NOW, "t/3/9", TODAY, EARLIER), "2026-03-01T16:00:00Z"),
            (Cause(UUID(int=7), NOW, "t/3/9", TODAY, None), "2026-03-02T08:00:00Z"),
            (  # Of another day.
                Cause(UUID(int=7), NOW, "t/3/9", TODAY - timedelta(days=1), EARLIER),
                "2026-03-02T08:00:00Z",
            ),
        ],
    )
    def test_happened_when_its_cause_did_if_that_was_the_same_business_day(
        self, cause: Cause | None, time: str
    ) -> None:
        one = batch(loaded=with_coins(5))
        accepted(one.run(wallet.spend("a", 1), replace(caller(), cause=cause)))
        assert one.writes().events[0].headers["time"] == time

    def test_never_records_before_the_last_event_of_the_stream(self) -> None:
        one = batch(loaded=with_coins(5))
        one.run(wallet.spend("a", 1), replace(caller(), now=NOW - timedelta(days=1)))
        assert one.writes().events[0].recorded_at == NOW

    def test_names_the_version_of_the_type_and_all_topics(self) -> None:
        one = batch(loaded=with_coins(5))
        one.run(wallet.spend("a", 1), caller())
        [spent] = one.writes().events
        assert (spent.schema_version, spent.topics) == (2, ("events", "public"))

    def test_keys_a_stream_without_account_by_its_own_id(self) -> None:
        one, name = batch(), wallet.safe.stream(wallet.BOOK, "x")
        accepted(one.run(wallet.write(name, wallet.Opened(ACCOUNT, NOW)), caller()))
        [created] = one.writes().created
        assert (created.account_id, created.partition) == (name.id, partition_of(name.id))

    def test_takes_given_ids_and_counted_ones(self) -> None:
        one = batch(loaded=with_coins(5))
        given = UUID(int=99)
        one.run(wallet.write(wallet.stream("a"), wallet.Spent(1), ids=[given]), caller())
        rule = replace(caller(), event_id=timer_event_id(2, "remind"))
        one.run(wallet.write(wallet.stream("a"), wallet.Spent(1), wallet.Spent(2)), rule)
        id = wallet.stream("a").id
        assert [event.id for event in one.writes().events] == [
            given,
            derived(id, "remind", 2, 1),
            derived(id, "remind", 2, 2),
        ]

    def test_changes_nothing_when_nothing_follows(self) -> None:
        one = batch(loaded=with_coins(5))
        outcome = accepted(one.run(wallet.spend("a", 0), caller("k")))
        assert (outcome.version, outcome.versions) == (2, {})
        assert one.is_empty
        assert one.writes().keys == {}

    def test_reports_a_rejection_and_leaves_nothing(self) -> None:
        one = batch(loaded=with_coins(5))
        assert isinstance(one.run(wallet.spend("a", 6), caller("k")), wallet.TooFewCoins)
        assert one.is_empty

    def test_keeps_private_rows_beside_the_events(self) -> None:
        row = PrivateRow("party", UUID(int=3), {"name": "Li"})
        one = batch(loaded=with_coins(5))
        one.run(wallet.write(wallet.stream("a"), wallet.Spent(1), private=[row]), caller())
        one.run(wallet.write(wallet.stream("a"), private=[row._replace(id=UUID(int=4))]), caller())
        phone = row._replace(details={"phone": "1"})
        one.run(wallet.write(wallet.stream("a"), wallet.Spent(1), private=[phone]), caller())
        both = row._replace(details={"name": "Li", "phone": "1"})
        assert one.writes().private == [(TENANT, both)]

    def test_answers_a_dry_run_and_records_nothing(self) -> None:
        one = batch(loaded=with_coins(5))
        outcome = accepted(one.run(wallet.spend("a", 2), replace(caller("k"), dry_run=True)))
        assert (outcome.answer, outcome.version) == (b'{"coins":[3]}', 3)
        assert one.is_empty
        again = accepted(one.run(wallet.spend("a", 5), caller("k")))
        assert (again.answer, again.replayed) == (b'{"coins":[0]}', False)


class TestRefusals:
    def test_keeps_personal_data_in_no_table_that_is_not_declared(self) -> None:
        declared = PrivateRow("party", UUID(int=3), {"name": "Li"})
        one = batch(loaded=with_coins(5))
        for name in ("diary", "es_event", "party; DROP TABLE es_event"):
            rows = [declared, declared._replace(table=name)]
            work = wallet.write(wallet.stream("a"), wallet.Spent(1), private=rows)
            outcome = one.run(work, caller("k"))
            assert isinstance(outcome, UndeclaredTable)
            assert outcome.args == (name,)
        assert one.is_empty
        assert one.writes().private == []

    def test_knows_no_stream_by_an_id_that_does_not_exist(self) -> None:
        work = wallet.spend_from(wallet.wallet.existing(UUID(int=5)), 1)
        assert isinstance(batch().run(work, caller()), UnknownStream)

    @pytest.mark.parametrize(
        "loaded",
        [
            history("a", wallet.Opened(ACCOUNT, NOW), kind="safe"),
            with_coins(9)._replace(heads={wallet.stream("a").id: Head(2, "wallet", OTHER_TENANT)}),
        ],
    )
    def test_takes_another_kind_or_tenant_for_none(self, loaded: Loaded) -> None:
        work = wallet.spend_from(wallet.wallet.existing(wallet.stream("a").id), 1)
        assert isinstance(batch(loaded=loaded).run(work, caller()), UnknownStream)

    def test_lets_decide_see_that_a_further_stream_is_absent(self) -> None:
        first, absent = wallet.stream("a"), wallet.wallet.existing(UUID(int=5))

        def decide(states: States) -> Sequence[AnyChange]:
            assert states.of(absent) is None
            raise wallet.TooFewCoins

        work = Work((first, absent), decide, wallet.answer(first))
        assert isinstance(batch(loaded=with_coins(1)).run(work, caller()), wallet.TooFewCoins)

    def test_creates_nothing_under_an_id_alone(self) -> None:
        absent = wallet.wallet.existing(UUID(int=5))
        work = Work(
            (wallet.stream("a"), absent),
            lambda states: [wallet.change(absent, wallet.Opened(ACCOUNT, NOW))],
            wallet.answer(absent),
        )
        assert isinstance(batch(loaded=with_coins(1)).run(work, caller()), TypeError)

    def test_creates_nothing_in_the_book_of_another_tenant(self) -> None:
        outcome = batch().run(wallet.open_wallet("a"), caller(tenant_id=OTHER_TENANT))
        assert isinstance(outcome, TypeError)

    def test_compares_the_expected_version_with_the_first_stream(self) -> None:
        one = batch(loaded=with_coins(5))
        stale = one.run(wallet.spend("a", 1), replace(caller(), expected_version=1))
        assert isinstance(stale, StaleVersion)
        accepted(one.run(wallet.spend("a", 1), replace(caller(), expected_version=2)))

    def test_replays_before_it_compares_versions(self) -> None:
        one = batch(loaded=with_coins(5))
        asked = replace(caller("k"), expected_version=2)
        first = accepted(one.run(wallet.spend("a", 1), asked))
        assert accepted(one.run(wallet.spend("a", 1), asked)) == replace(first, replayed=True)

    def test_refuses_two_changes_of_one_stream(self) -> None:
        name = wallet.stream("a")
        both = [wallet.change(name, wallet.Spent(1))] * 2
        twice = Work((name,), lambda states: both, wallet.answer(name))
        one = batch(loaded=with_coins(5))
        assert isinstance(one.run(twice, caller()), TypeError)
        assert one.is_empty

    def test_refuses_a_change_of_a_stream_that_was_not_named(self) -> None:
        a, b = wallet.stream("a"), wallet.stream("b")
        work = Work((a,), lambda states: [wallet.change(b, wallet.Spent(1))], wallet.answer(a))
        assert isinstance(batch(loaded=with_coins(5)).run(work, caller()), TypeError)

    def test_refuses_more_events_than_one_work_may_write(self) -> None:
        name = wallet.stream("a")
        fits = wallet.write(name, *[wallet.Filled(1)] * EVENTS_MAX)
        too_many = wallet.write(name, *[wallet.Filled(1)] * (EVENTS_MAX + 1))
        assert isinstance(batch(loaded=with_coins(5)).run(too_many, caller()), TooMuchAtOnce)
        assert accepted(batch(loaded=with_coins(5)).run(fits, caller())).version == 2 + EVENTS_MAX

    def test_refuses_more_streams_than_one_work_may_name(self) -> None:
        first, *others = (wallet.stream(str(n)) for n in range(STREAMS_MAX + 1))
        work = Work((first, *others), lambda states: ())
        assert isinstance(batch().run(work, caller()), TooMuchAtOnce)

    def test_refuses_an_event_id_twice(self) -> None:
        one, given = batch(loaded=with_coins(5)), [UUID(int=99)]
        work = wallet.write(wallet.stream("a"), wallet.Spent(1), ids=given)
        accepted(one.run(work, caller()))
        assert isinstance(one.run(work, caller()), DuplicateEvent)

    def test_gives_the_history_that_does_not_fit_to_its_own_callers_only(self) -> None:
        id, problem = wallet.stream("a").id, RuntimeError()
        one = batch(loaded=with_coins(5)._replace(broken={id: problem}))
        assert one.run(wallet.spend("a", 1), caller()) is problem
        accepted(one.run(wallet.open_wallet("b"), caller()))


class TestNeighbors:
    def test_see_what_was_decided_before_them(self) -> None:
        one = batch(loaded=with_coins(5))
        accepted(one.run(wallet.spend("a", 3), caller()))
        assert isinstance(one.run(wallet.spend("a", 3), caller()), wallet.TooFewCoins)
        accepted(one.run(wallet.spend("a", 2), caller()))
        writes, id = one.writes(), wallet.stream("a").id
        assert (writes.expected, writes.moved) == ({id: 2}, {id: 4})
        assert [event.version for event in writes.events] == [3, 4]

    def test_see_a_stream_that_was_created_before_them(self) -> None:
        one = batch()
        accepted(one.run(wallet.open_wallet("a", 5), caller()))
        assert isinstance(one.run(wallet.open_wallet("a"), caller()), wallet.NumberAlreadyUsed)
        accepted(one.run(wallet.spend("a", 2), caller()))
        [created] = one.writes().created
        assert (created.version, one.writes().moved) == (3, {})

    def test_do_not_suffer_from_a_bug(self) -> None:
        one = batch(loaded=with_coins(5))
        bug = Work((wallet.stream("a"),), lambda states: 1 // 0)  # type: ignore[arg-type, return-value] # a bug is not well typed
        late_bug = replace(wallet.spend("a", 1), answer=lambda states: bytes(1 // 0))
        assert isinstance(one.run(bug, caller()), ZeroDivisionError)
        assert isinstance(one.run(late_bug, caller()), ZeroDivisionError)
        assert accepted(one.run(wallet.spend("a", 5), caller())).version == 3

    def test_with_the_same_key_get_the_same_answer(self) -> None:
        one = batch(loaded=with_coins(5))
        first = accepted(one.run(wallet.spend("a", 3), caller("k")))
        assert accepted(one.run(wallet.spend("a", 3), caller("k"))) == replace(first, replayed=True)
        assert isinstance(one.run(wallet.spend("a", 3), caller("k", b"other")), KeyReused)
        assert len(one.writes().events) == 1

    def test_of_other_tenants_have_keys_of_their_own(self) -> None:
        one = batch(loaded=with_coins(5))
        accepted(one.run(wallet.spend("a", 3), caller("k")))
        book = wallet.BOOK._replace(tenant_id=OTHER_TENANT)
        theirs = one.run(wallet.open_wallet("a", 1, book), caller("k", tenant_id=OTHER_TENANT))
        assert not accepted(theirs).replayed

    def test_rest_on_the_versions_of_what_they_only_read(self) -> None:
        a, b = wallet.stream("a"), wallet.stream("b")
        loaded = with_coins(5)
        other = history("b", wallet.Opened(ACCOUNT, NOW))
        one = batch(
            loaded=Loaded(
                {**loaded.heads, **other.heads}, {**loaded.folded, **other.folded}, {}, {}
            )
        )
        work = Work((a, b), lambda states: [wallet.change(a, wallet.Spent(1))], wallet.answer(a))
        accepted(one.run(work, caller()))
        assert one.writes().expected == {a.id: 2, b.id: 1}
        assert one.writes().moved == {a.id: 3}


class TestTimers:
    def test_wait_since_the_event_that_armed_them(self) -> None:
        one = batch()
        accepted(one.run(wallet.open_wallet("a", 5), caller()))
        id = wallet.stream("a").id
        assert one.writes().timers_kept == [
            TimerRow(id, "remind", NOW, 2, partition_of(ACCOUNT), TENANT)
        ]

    def test_are_not_written_again_while_they_stay_the_same(self) -> None:
        one = batch(loaded=with_coins(5))
        accepted(one.run(wallet.spend("a", 3), caller()))
        writes = one.writes()
        assert (writes.timers_kept, writes.timers_gone) == ([], [])

    def test_go_when_nothing_waits(self) -> None:
        one = batch(loaded=with_coins(5))
        accepted(one.run(wallet.spend("a", 5), caller()))
        assert one.writes().timers_gone == [(wallet.stream("a").id, "remind")]

    def test_are_armed_anew_at_another_instant_or_after_a_gap(self) -> None:
        one, name = batch(loaded=with_coins(5)), wallet.stream("a")
        accepted(one.run(wallet.write(name, wallet.Postponed(LATER)), caller()))
        assert one.now[name.id].timers == {"remind": Armed(LATER, 3)}
        accepted(one.run(wallet.write(name, wallet.Spent(5), wallet.Filled(1)), caller()))
        assert one.now[name.id].timers == {"remind": Armed(LATER, 5)}

    def test_that_came_and_went_within_the_batch_leave_no_trace(self) -> None:
        one = batch()
        accepted(one.run(wallet.open_wallet("a", 5), caller()))
        accepted(one.run(wallet.spend("a", 5), caller()))
        writes = one.writes()
        assert (writes.timers_kept, writes.timers_gone) == ([], [])
