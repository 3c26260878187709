"""Check that an address answers, and compare its clock with ours: one unsigned request."""

from __future__ import annotations

from typing import Final

import requests

from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning, wrong
from tba_secrets.netsuite.clock import TOLERANCE_SECONDS
from tba_secrets.netsuite.transport import HttpSender, LostError

_SECONDS: Final = 15.0
_SAME_SECONDS: Final = 3.0
"""A Date has whole seconds, and the answer takes a moment."""
_NOTABLE_SECONDS: Final = 60.0
_SET: Final = "set this machine's clock (NTP)"


def measured(address: str, whose: str) -> DoctorFinding:
    """Check an address by an unsigned HEAD: any answer has a Date (RFC 9110 section 6.6.1).

    The address is scheme, host and port. `whose` clock it is, such as `NetSuite's`, is for the message.
    """
    try:
        request = requests.Request("HEAD", f"{address}/").prepare()
        answer = HttpSender()(request, _SECONDS)
    except (LostError, ValueError) as error:
        how = error.how if isinstance(error, LostError) else "the address cannot be used"
        return wrong(f"{address}: {how}", "check the network, the proxy and the address")
    skew = answer.skew_seconds
    if skew is None:
        return warning(f"{address} answers without a Date: {whose} clock cannot be compared")
    if abs(skew) < _SAME_SECONDS:
        return ok(f"{address} answers, and {whose} clock agrees with this machine's")
    side = "ahead of" if skew > 0 else "behind"
    what = f"{address} answers; this machine's clock is {abs(skew):.0f} s {side} {whose}"
    if abs(skew) > TOLERANCE_SECONDS:
        return wrong(f"{what}, but only {TOLERANCE_SECONDS:.0f} s are accepted", _SET)
    return warning(what, _SET) if abs(skew) > _NOTABLE_SECONDS else ok(what)
