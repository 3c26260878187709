"""Which clues speak for which cause of OAuth 2.0, in the form of `netsuite.rules`.

NetSuite answers `invalid_client` and `invalid_grant` to nearly everything, and 401 to every refused access token. The
order is a guess from what is known beside the answer.
"""

from __future__ import annotations

from typing import Final

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.oauth2 import causes as oauth2
from tba_secrets.netsuite.rules import NOT_THE_LOGIN, Clue, Rule, where

_TOKEN_REQUEST: Final = (
    # What can be seen beforehand, and what the error tells.
    Rule(oauth2.CERTIFICATE_OVER, 98, (Clue.CERTIFICATE_OVER,)),
    Rule(causes.ACCOUNT_DIFFERS, 96, (Clue.ACCOUNT_DIFFERS,)),
    Rule(causes.ACCOUNT_CHANGED, 95, (Clue.ACCOUNT_CHANGED,)),
    Rule(oauth2.SCOPE_CLEARED, 94, (Clue.BAD_SCOPE,)),
    Rule(oauth2.GRANT_CLEARED, 94, (Clue.BAD_GRANT,)),
    Rule(oauth2.FEATURE, 60, (Clue.BAD_GRANT,), {Clue.ACCOUNT_REFUSED: 20}),
    Rule(oauth2.REQUEST_FORM, 94, (Clue.BAD_FORM,), {Clue.THROUGH_ENDPOINT: 4}),
    Rule(oauth2.ASSERTION_FORM, 70, (Clue.BAD_FORM,)),
)

_OPEN: Final = (
    # What invalid_client and invalid_grant leave open.
    Rule(oauth2.CLOCK, 92, (Clue.CLOCK_OFF,)),
    Rule(oauth2.NOT_UPLOADED, 80, more={Clue.PASSED_BEFORE: -40, Clue.BAD_CLIENT: -6}),
    *where(
        never=(Clue.CONSUMER_WORKED,),
        rules=(
            Rule(oauth2.CLIENT_UNKNOWN, 70, more={Clue.BAD_CLIENT: 12, Clue.CONSUMER_REFUSED: 20}),
            Rule(
                oauth2.SETUP_NOT_COPIED,
                64,
                (Clue.SANDBOX,),
                {Clue.PASSED_BEFORE: 24, Clue.CONSUMER_REFUSED: 5},
            ),
            Rule(
                oauth2.INTEGRATION_BLOCKED,
                55,
                more={Clue.CONSUMER_REFUSED: 28, Clue.PASSED_BEFORE: 6, Clue.BAD_CLIENT: 4},
            ),
        ),
    ),
    Rule(oauth2.KEY_MISMATCH, 66, more={Clue.PASSED_BEFORE: -40}),
    Rule(oauth2.CERTIFICATE_GONE, 60, more={Clue.PASSED_BEFORE: 30}),
    Rule(causes.ROLE_GONE, 50, more={Clue.PASSED_BEFORE: 10}),
    Rule(causes.LOCKED_OUT, 45, more={Clue.RECENTLY_REFUSED: 21, Clue.PASSED_BEFORE: 5}),
    Rule(oauth2.FEATURE, 34, more={Clue.ACCOUNT_REFUSED: 56}, never=(Clue.CONSUMER_WORKED,)),
    Rule(oauth2.CLOCK, 20),
)

_CALL: Final = (
    # The token endpoint has just given the access token: key, certificate and clock are good.
    Rule(causes.WEB_SERVICES_ONLY, 98, (Clue.RESTLET, Clue.WEB_SERVICES_ONLY)),
    Rule(oauth2.SCOPE_NOT_ASKED, 97, (Clue.SCOPE_LACKING,)),
    Rule(oauth2.MANAGES_APPLICATIONS, 90, (Clue.MANAGES_APPLICATIONS,)),
    Rule(oauth2.NO_LOGIN_PERMISSION, 88, (Clue.NO_LOGIN_PERMISSION,)),
    Rule(oauth2.NO_LOGIN_PERMISSION, 70, more={Clue.LOGIN_WORKED: -30}),
    Rule(causes.NO_REST_PERMISSION, 64, (Clue.REST,), {Clue.NO_REST_PERMISSION: 22}),
    Rule(oauth2.SCOPE_CLEARED, 60, more={Clue.RESTLET: 6, Clue.LOGIN_WORKED: 6}),
    Rule(oauth2.MANAGES_APPLICATIONS, 50),
    Rule(causes.WEB_SERVICES_ONLY, 48, (Clue.RESTLET,), {Clue.LOGIN_WORKED: 20}),
    Rule(causes.BURST, 40, more={Clue.LOGIN_WORKED: 15}),
    Rule(oauth2.TOKEN_OVER, 38, more={Clue.CLOCK_OFF: 40}),
    Rule(causes.ROLE_GONE, 36),
    Rule(causes.SERVICE_FEATURE, 35, more={Clue.LOGIN_WORKED: 12}),
    Rule(oauth2.COOKIE, 10, more={Clue.AMBIGUOUS: 80, Clue.THROUGH_ENDPOINT: 30}),
)

_CERTIFICATE_CALL: Final = (
    Rule(oauth2.NOT_OWN_CERTIFICATES, 92, (Clue.FORBIDDEN,)),
    Rule(oauth2.NOT_OWN_CERTIFICATES, 65, (Clue.REFUSED,)),
    Rule(oauth2.NO_PLACE, 80, (Clue.OTHER_FAILURE,)),
    Rule(oauth2.NOT_TAKEN, 75, (Clue.OTHER_FAILURE,)),
    Rule(oauth2.NO_PLACE, 60, (Clue.FORBIDDEN,)),
    Rule(oauth2.CLIENT_UNKNOWN, 85, (Clue.NOT_FOUND,)),
)

RULES: Final = (
    *where(Clue.ASSERTION, Clue.REFUSED, rules=_TOKEN_REQUEST),
    *where(
        Clue.ASSERTION,
        Clue.REFUSED,
        never=(Clue.BAD_SCOPE, Clue.BAD_GRANT, Clue.BAD_FORM),
        rules=_OPEN,
    ),
    Rule(oauth2.ASSERTION_FORM, 90, (Clue.ASSERTION, Clue.SERVER_ERROR)),
    Rule(causes.BURST, 50, (Clue.ASSERTION, Clue.SERVER_ERROR)),
    *where(Clue.BEARER, Clue.REFUSED, rules=_CALL),
    *where(Clue.BEARER, Clue.CERTIFICATE_CALL, rules=_CERTIFICATE_CALL),
    *NOT_THE_LOGIN,
    Rule(causes.NOT_NETSUITE, 50, (Clue.ASSERTION, Clue.FORBIDDEN)),
)
