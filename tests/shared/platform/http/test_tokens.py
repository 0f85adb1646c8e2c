from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.http.tokens import Token, TokenMalformed, etag, version_of

VERSIONS = st.dictionaries(st.uuids(), st.integers(1, 2**32 - 1), min_size=1, max_size=5)


class TestToken:
    @given(versions=VERSIONS)
    def test_reads_what_it_wrote(self, versions: dict[UUID, int]) -> None:
        assert Token.decode(Token("ledger", versions).encode()) == Token("ledger", versions)

    @given(text=st.text(max_size=60))
    def test_refuses_or_reads_anything(self, text: str) -> None:
        try:
            Token.decode(text)
        except TokenMalformed:
            return

    @pytest.mark.parametrize("text", ["", "eyJi", "!", "ü", "bGVkZ2VyAA", "bGVkZ2Vy"])
    def test_refuses_foreign_ones(self, text: str) -> None:
        with pytest.raises(TokenMalformed):
            Token.decode(text)


class TestEtag:
    def test_names_the_version(self) -> None:
        assert etag(3) == '"v3"'
        assert version_of(' "v3" ') == 3

    @pytest.mark.parametrize("header", ["v3", '"3"', 'W/"v3"', '"v3", "v4"', "*", '"v"', ""])
    def test_is_none_of_others(self, header: str) -> None:
        assert version_of(header) is None
