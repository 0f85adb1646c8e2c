"""Where services answer, as people write it."""

from __future__ import annotations

import pytest

from services.cli.client.addresses import AddressUnclear, roots_of


class TestRootsOf:
    def test_finds_every_service_below_one_address(self) -> None:
        assert roots_of("http://127.0.0.1:8080/") == {
            "ledger": "http://127.0.0.1:8080/ledger",
            "credit": "http://127.0.0.1:8080/credit",
            "dunning": "http://127.0.0.1:8080/dunning",
        }

    def test_finds_services_that_stand_apart(self) -> None:
        text = "ledger=http://a:1/, dunning=http://c:3,credit=https://b:2/inner"
        assert roots_of(text) == {
            "ledger": "http://a:1",
            "dunning": "http://c:3",
            "credit": "https://b:2/inner",
        }

    def test_takes_an_equals_sign_in_an_address_for_what_it_is(self) -> None:
        assert roots_of("http://a:1/x=y")["ledger"] == "http://a:1/x=y/ledger"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "127.0.0.1:8080",
            "ftp://a:1",
            "ledger=http://a:1",
            "ledger=http://a:1,credit=http://b:2,dunning=",
            "ledger=http://a:1,credit=http://b:2,dunning=c:3",
            "ledger=http://a:1,credit=http://b:2,dunnings=http://c:3",
            "ledger=http://a:1,ledger=http://a:2,credit=http://b:2,dunning=http://c:3",
        ],
    )
    def test_refuses_what_names_not_every_service_once(self, text: str) -> None:
        with pytest.raises(AddressUnclear):
            roots_of(text)
