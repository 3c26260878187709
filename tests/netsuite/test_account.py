"""Account ids in their two spellings, and the hosts that follow from them."""

from __future__ import annotations

import pytest

from tba_secrets.errors import AccountIdError
from tba_secrets.netsuite.account import Service, base_url, realm

SPELLINGS = [
    ("1234567", "1234567", "1234567"),
    ("1234567_SB1", "1234567_SB1", "1234567-sb1"),
    ("1234567-sb1", "1234567_SB1", "1234567-sb1"),
    ("1234567_sb1", "1234567_SB1", "1234567-sb1"),
    ("1234567_RP1", "1234567_RP1", "1234567-rp1"),
    ("TSTDRV1234567", "TSTDRV1234567", "tstdrv1234567"),
    (" 1234567_SB1\n", "1234567_SB1", "1234567-sb1"),
]


@pytest.mark.parametrize(("written", "as_realm", "label"), SPELLINGS)
def test_one_account_in_any_spelling_has_one_realm_and_one_host(
    written: str, as_realm: str, label: str
) -> None:
    assert realm(written) == as_realm
    assert base_url(written, Service.SUITETALK) == f"https://{label}.suitetalk.api.netsuite.com"
    assert base_url(written, Service.RESTLETS) == f"https://{label}.restlets.api.netsuite.com"
    assert base_url(written, Service.APP) == f"https://{label}.app.netsuite.com"


@pytest.mark.parametrize(
    "written",
    ["", "evil.example.com/", "1234567_SB1.evil.com", "12 34", "a@b", "_RP9", "1234567__RP9", "é"],
)
def test_what_is_no_account_id_never_becomes_a_host_name(written: str) -> None:
    with pytest.raises(AccountIdError) as caught:
        base_url(written, Service.SUITETALK)
    assert not written or written not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8917", "http://127.0.0.1:8917/"])
@pytest.mark.parametrize("service", list(Service))
def test_an_endpoint_stands_for_every_service(service: Service, endpoint: str) -> None:
    assert base_url("1234567_SB1", service, endpoint) == "http://127.0.0.1:8917"


def test_an_endpoint_does_not_excuse_a_bad_account_id() -> None:
    with pytest.raises(AccountIdError):
        base_url("not an id", Service.SUITETALK, "http://127.0.0.1:8917")
