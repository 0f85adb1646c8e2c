"""The rows of one batch: what was asked for, what the fold made of it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.projector.port import Need, NotAsked, Rows
from tests.support.toy import wallet
from tests.support.toy.wallets import MOVES, MoveRow

ONE, TWO = UUID(int=1), UUID(int=2)


def move(stream: UUID, nth: int, coins: int = 1) -> MoveRow:
    return MoveRow(wallet.TENANT, stream, nth, coins, None)


def asked(*rows: MoveRow) -> Rows:
    found = Rows()
    for stream in (ONE, TWO):
        need = Need(MOVES, (wallet.TENANT, stream))
        found.load(need, [row for row in rows if row.stream_id == stream])
    return found


class TestRows:
    def test_gives_the_rows_below_a_key_in_key_order(self) -> None:
        rows = asked(move(ONE, 2), move(TWO, 1), move(ONE, 1))
        assert [m.nth for m in rows.below(MOVES, (wallet.TENANT, ONE))] == [1, 2]

    def test_refuses_what_was_not_asked_for(self) -> None:
        with pytest.raises(NotAsked):
            asked().below(MOVES, (wallet.TENANT,))
        with pytest.raises(NotAsked):
            asked().get(MOVES, (wallet.TENANT, UUID(int=3), 1))

    def test_knows_a_row_that_is_not_there(self) -> None:
        assert asked().get(MOVES, (wallet.TENANT, ONE, 7)) is None

    @given(
        st.lists(
            st.tuples(st.sampled_from(["put", "drop", "look"]), st.booleans(), st.integers(1, 4)),
            max_size=40,
        )
    )
    def test_looks_the_same_however_often_and_early_one_looks(
        self, steps: list[tuple[str, bool, int]]
    ) -> None:
        rows = asked(move(ONE, 1), move(TWO, 2))
        model = {(ONE, 1), (TWO, 2)}
        for step, first, nth in steps:
            stream = ONE if first else TWO
            match step:
                case "put":
                    rows.put(move(stream, nth))
                    model.add((stream, nth))
                case "drop":
                    rows.drop(MOVES, (wallet.TENANT, stream, nth))
                    model.discard((stream, nth))
                case _:
                    found = rows.below(MOVES, (wallet.TENANT, stream))
                    assert [m.nth for m in found] == sorted(n for s, n in model if s == stream)
        for stream in (ONE, TWO):
            found = rows.below(MOVES, (wallet.TENANT, stream))
            assert [m.nth for m in found] == sorted(n for s, n in model if s == stream)
