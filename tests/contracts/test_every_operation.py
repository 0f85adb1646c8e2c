"""Every operation of the three documents was driven to an answer of success, as documented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.support.answering import Answers, answers_looked_at
from tests.support.contract_documents import DOCUMENTS, OPERATIONS
from tests.support.databases import Server
from tests.support.driven_book import drive
from tests.support.served import Served, served

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def book(
    server: Server, service_templates: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Answers]]:
    """The story told once, and every answer of it looked at."""
    folder: Path = tmp_path_factory.mktemp("served")
    with served(server, service_templates, folder) as running, answers_looked_at() as answers:
        drive(running)
        yield running, answers


@pytest.mark.parametrize("service", DOCUMENTS)
class TestService:
    def test_has_no_operation_that_is_not_driven_to_success(
        self, service: str, book: tuple[Served, Answers]
    ) -> None:
        missing = [one for one in OPERATIONS if one.service == service]

        assert [one for one in missing if one not in book[1].successes] == []

    def test_answers_only_what_its_document_says(
        self, service: str, book: tuple[Served, Answers]
    ) -> None:
        assert [one for one in book[1].misfits if one.startswith(service)] == []

    def test_takes_no_nul_in_any_text_of_a_query(
        self, service: str, book: tuple[Served, Answers]
    ) -> None:
        for path, methods in DOCUMENTS[service]["paths"].items():
            parameters = methods.get("get", {}).get("parameters", ())
            for name in (one["name"] for one in parameters if one["in"] == "query"):
                url = f"{book[0].url}/{service}{path.replace('{', '').replace('}', '')}"
                answer = httpx.get(url, params={name: "a\0b"}, trust_env=False)

                assert answer.status_code == 400, (url, name)
                assert answer.json()["errors"][0]["pointer"] == f"/{name}"

    def test_takes_no_nul_in_any_text_of_a_path(
        self, service: str, book: tuple[Served, Answers]
    ) -> None:
        for path in DOCUMENTS[service]["paths"]:
            if "{" in path:
                cut, _, rest = path.partition("{")
                url = f"{book[0].url}/{service}{cut}a%00b{rest.partition('}')[2]}"
                status = httpx.get(url, trust_env=False).status_code

                assert status in (404, 405), url
