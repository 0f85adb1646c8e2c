from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pytest

from services.dunning.notices.domain.notice.events import NoticeAccepted
from services.dunning.notices.projections.notices import READ_MODEL
from tests.support.dunning import ACCOUNT, TENANT, after, recorded
from tests.support.dunning_samples import FAILED, QUEUED, UNDELIVERABLE
from tests.support.projecting import project

NOTICE: Final = UUID(int=5)
ACCEPTED: Final = NoticeAccepted(account_id=ACCOUNT, channel="email", message_id="<5@x>")


@pytest.mark.parametrize("batch", [1, 2])
class TestNotices:
    def test_are_queued_first(self, batch: int) -> None:
        (row,) = project(READ_MODEL, [recorded(QUEUED, after(1))], batch=batch)["notice"].values()
        assert (row.status, row.message_id, row.reason, row.ended_on) == (
            "queued",
            None,
            None,
            None,
        )

    @pytest.mark.parametrize(
        ("event", "status", "message_id", "reason"),
        [
            (ACCEPTED, "accepted", "<5@x>", None),
            (UNDELIVERABLE, "undeliverable", None, "no_address"),
            (FAILED, "failed", None, "PermissionError"),
        ],
    )
    def test_show_what_became_of_them_and_when(
        self, event: Any, status: str, message_id: str | None, reason: str | None, batch: int
    ) -> None:
        rows = project(
            READ_MODEL,
            [
                recorded(QUEUED, after(1), stream=NOTICE),
                recorded(event, after(2), stream=NOTICE, version=2, offset=1),
            ],
            batch=batch,
        )["notice"]

        row = rows[TENANT, NOTICE]
        assert (row.status, row.message_id, row.reason) == (status, message_id, reason)
        assert (row.written_on, row.ended_on, row.version) == (after(1), after(2), 2)
