"""Many commands in few requests: what cannot be done now is repeated, what is refused is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from services.cli.client import batches
from services.cli.client.batches import LINES_MAX, commands
from services.cli.client.duebook import Answer, Refused, Unreachable
from services.cli.client.keyed_requests import KeyedRequest
from tests.support.pretend import Pretend


def opened(*numbers: str) -> Sequence[KeyedRequest]:
    return [
        KeyedRequest(service="ledger", path="/accounts", body={"number": n}, key=f"key {n}")
        for n in numbers
    ]


async def done(pretend: Pretend, *numbers: str, patience_s: float = 5.0) -> list[str]:
    """What became of each: "done", "again", or why not."""
    async with pretend.client(patience_s) as duebook:
        outcomes = await commands(duebook, opened(*numbers))
    return [_said(outcome) for outcome in outcomes]


def _said(outcome: Answer | Refused) -> str:
    if isinstance(outcome, Refused):
        return outcome.code
    return "again" if outcome.replayed else "done"


class Requests(Pretend):
    """Counts the lines of each request."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        answer = super().answer(request)
        self.sizes.append(len(answer.json()["items"]))
        return answer

    @property
    def sizes(self) -> list[int]:
        found: list[int] = self.__dict__.setdefault("_sizes", [])
        return found


class TestCommands:
    async def test_are_answered_in_their_order(self) -> None:
        pretend = Pretend()
        assert await done(pretend, "a", "b", "c") == ["done"] * 3
        assert await done(pretend, "d", "a") == ["done", "again"]
        assert [body["number"] for body in pretend.commands("/accounts")] == ["a", "b", "c", "d"]

    async def test_of_nothing_ask_nothing(self) -> None:
        requests = Requests()
        assert (await done(requests), requests.sizes) == ([], [])

    @pytest.mark.parametrize(
        ("status", "code"), [(503, "service-unavailable"), (409, "concurrent-change")]
    )
    async def test_repeat_the_lines_that_cannot_be_done_now(self, status: int, code: str) -> None:
        left = [2]

        def busy(path: str, body: Mapping[str, Any]) -> tuple[int, str, str] | None:
            if body["number"] != "b" or not left[0]:
                return None
            left[0] -= 1
            return status, code, ""

        requests = Requests(refuses=busy)
        assert await done(requests, "a", "b", "c") == ["done"] * 3
        assert requests.sizes == [3, 1, 1]

    async def test_do_not_repeat_what_is_refused(self) -> None:
        requests = Requests(refuses=lambda path, body: (409, "number-already-used", "/number"))
        assert await done(requests, "a", "b") == ["number-already-used"] * 2
        assert requests.sizes == [2]

    async def test_give_up_when_patience_is_over(self) -> None:
        pretend = Pretend(refuses=lambda path, body: (503, "service-unavailable", ""))
        with pytest.raises(Unreachable, match="1 commands of accounts"):
            await done(pretend, "a", patience_s=0.1)

    async def test_come_in_requests_of_so_many_lines(self) -> None:
        requests = Requests()
        await done(requests, *map(str, range(LINES_MAX + 1)))
        assert requests.sizes == [LINES_MAX, 1]

    async def test_come_in_requests_of_so_many_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "LINES_BYTES_MAX", 120)
        requests = Requests()
        await done(requests, "a", "b", "c", "d" * 200)
        assert requests.sizes == [2, 1, 1]
