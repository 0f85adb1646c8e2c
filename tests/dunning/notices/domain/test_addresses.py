from __future__ import annotations

from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dunning.notices.domain.addresses import NoAddress, no_address, usable_email

USABLE = {
    "billing@example.com": ("billing", "example.com"),
    " billing@example.com ": ("billing", "example.com"),
    "first.last+tag@sub.example.co": ("first.last+tag", "sub.example.co"),
    "o'neil@example.org": ("o'neil", "example.org"),
    "rechnung@müller.example": ("rechnung", "xn--mller-kva.example"),
}
NOT_USABLE = (
    "billing@[example.test",
    "billing@[127.0.0.1]",
    "info@b,c.test",
    "info@b;c.test",
    "a@b\r\nBcc: c@example.com",
    "a\r\nBcc: c@example.com",
    "two words@example.com",
    "billing@example",
    "billing@127.0.0.1",
    "billing@example.com.",
    "billing@-example.com",
    "billing@.example.com",
    ".billing@example.com",
    "bill..ing@example.com",
    "a@b@example.com",
    "@example.com",
    "billing@",
    "billing",
    '"quoted"@example.com',
    "王芳@example.com",
    "a" * 65 + "@example.com",
    "a@" + "b" * 64 + ".com",
    "a@" + "b." * 130 + "com",
    "<billing@example.com>",
    "Billing <billing@example.com>",
    "a@example.com, b@example.com",
    "a\u202e@example.com",
)


class TestUsableEmail:
    @pytest.mark.parametrize("text", USABLE)
    def test_is_what_a_mail_server_takes(self, text: str) -> None:
        assert usable_email(text) == USABLE[text]

    @pytest.mark.parametrize("text", NOT_USABLE)
    def test_is_nothing_else(self, text: str) -> None:
        assert usable_email(text) is None

    @given(st.one_of(st.text(max_size=40), st.from_regex(r"[!-~\s]{1,12}@[!-~\s]{1,12}\.[a-z]{2}")))
    def test_reads_back_from_a_header_as_it_was_written(self, text: str) -> None:
        found = usable_email(text)
        if found is None:
            return
        message = EmailMessage()
        message["To"] = Address("王芳", *found)
        read = message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)
        (address,) = read["To"].addresses
        assert (address.username, address.domain) == found
        assert read.keys() == ["To"]


class TestNoAddress:
    def test_says_whether_there_is_none_or_no_usable_one(self) -> None:
        for email in ("", "  "):
            found = no_address("email", email=email, postal_address="Street 1")
            assert found is NoAddress.MISSING
        found = no_address("email", email="info@b,c.test", postal_address="Street 1")
        assert found is NoAddress.NOT_USABLE

    def test_asks_of_a_letter_for_the_postal_address_alone(self) -> None:
        found = no_address("letter", email="a@example.com", postal_address=" \n ")
        assert found is NoAddress.MISSING
        assert no_address("letter", email="", postal_address="Street 1") is None

    def test_is_none_when_it_can_be_sent(self) -> None:
        assert no_address("email", email="a@example.com", postal_address="") is None
