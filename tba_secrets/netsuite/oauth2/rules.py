"""Which clues speak for which cause of OAuth 2.0, in the form of `netsuite.rules`.

NetSuite answers `invalid_client` and `invalid_grant` to nearly everything, and 401 to every refused access token. The
order is a guess from what is known beside the answer.
"""

from __future__ import annotations

from typing import Final

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.oauth2 import causes as oauth2
from tba_secrets.netsuite.rules import Clue, Rule

_ASKED = (Clue.ASSERTION, Clue.REFUSED)
_CALLED = (Clue.BEARER, Clue.REFUSED)
_SAID_OTHERWISE = (Clue.BAD_SCOPE, Clue.BAD_GRANT, Clue.BAD_FORM)

RULES: Final = (
    # The token endpoint: what can be seen beforehand, and what the error tells.
    Rule(oauth2.CERTIFICATE_OVER, 98, (*_ASKED, Clue.CERTIFICATE_OVER)),
    Rule(causes.ACCOUNT_DIFFERS, 96, (*_ASKED, Clue.ACCOUNT_DIFFERS)),
    Rule(causes.ACCOUNT_CHANGED, 95, (*_ASKED, Clue.ACCOUNT_CHANGED)),
    Rule(oauth2.SCOPE_CLEARED, 94, (*_ASKED, Clue.BAD_SCOPE)),
    Rule(oauth2.GRANT_CLEARED, 94, (*_ASKED, Clue.BAD_GRANT)),
    Rule(oauth2.FEATURE, 60, (*_ASKED, Clue.BAD_GRANT), ((Clue.ACCOUNT_REFUSED, 20),)),
    Rule(oauth2.REQUEST_FORM, 94, (*_ASKED, Clue.BAD_FORM), ((Clue.THROUGH_ENDPOINT, 4),)),
    Rule(oauth2.ASSERTION_FORM, 70, (*_ASKED, Clue.BAD_FORM)),
    Rule(oauth2.CLOCK, 92, (*_ASKED, Clue.CLOCK_OFF), never=_SAID_OTHERWISE),
    # What invalid_client and invalid_grant leave open.
    Rule(
        oauth2.NOT_UPLOADED,
        80,
        _ASKED,
        ((Clue.PASSED_BEFORE, -40), (Clue.BAD_CLIENT, -6)),
        _SAID_OTHERWISE,
    ),
    Rule(
        oauth2.CLIENT_UNKNOWN,
        70,
        _ASKED,
        ((Clue.BAD_CLIENT, 12), (Clue.CONSUMER_REFUSED, 20)),
        (*_SAID_OTHERWISE, Clue.CONSUMER_WORKED),
    ),
    Rule(oauth2.KEY_MISMATCH, 66, _ASKED, ((Clue.PASSED_BEFORE, -40),), _SAID_OTHERWISE),
    Rule(oauth2.CERTIFICATE_GONE, 60, _ASKED, ((Clue.PASSED_BEFORE, 30),), _SAID_OTHERWISE),
    Rule(
        oauth2.SETUP_NOT_COPIED,
        64,
        (*_ASKED, Clue.SANDBOX),
        ((Clue.PASSED_BEFORE, 24), (Clue.CONSUMER_REFUSED, 5)),
        (*_SAID_OTHERWISE, Clue.CONSUMER_WORKED),
    ),
    Rule(
        oauth2.INTEGRATION_BLOCKED,
        55,
        _ASKED,
        ((Clue.CONSUMER_REFUSED, 28), (Clue.PASSED_BEFORE, 6), (Clue.BAD_CLIENT, 4)),
        (*_SAID_OTHERWISE, Clue.CONSUMER_WORKED),
    ),
    Rule(causes.ROLE_GONE, 50, _ASKED, ((Clue.PASSED_BEFORE, 10),), _SAID_OTHERWISE),
    Rule(
        causes.LOCKED_OUT,
        45,
        _ASKED,
        ((Clue.RECENTLY_REFUSED, 21), (Clue.PASSED_BEFORE, 5)),
        _SAID_OTHERWISE,
    ),
    Rule(
        oauth2.FEATURE,
        34,
        _ASKED,
        ((Clue.ACCOUNT_REFUSED, 56),),
        (*_SAID_OTHERWISE, Clue.CONSUMER_WORKED),
    ),
    Rule(oauth2.CLOCK, 20, _ASKED, never=(*_SAID_OTHERWISE, Clue.CLOCK_OFF)),
    Rule(oauth2.ASSERTION_FORM, 90, (Clue.ASSERTION, Clue.SERVER_ERROR)),
    Rule(causes.BURST, 50, (Clue.ASSERTION, Clue.SERVER_ERROR)),
    # A call with an access token that the token endpoint has just given: key, certificate and clock are good.
    Rule(causes.WEB_SERVICES_ONLY, 98, (*_CALLED, Clue.RESTLET, Clue.WEB_SERVICES_ONLY)),
    Rule(oauth2.SCOPE_NOT_ASKED, 97, (*_CALLED, Clue.SCOPE_LACKING)),
    Rule(oauth2.MANAGES_APPLICATIONS, 90, (*_CALLED, Clue.MANAGES_APPLICATIONS)),
    Rule(oauth2.NO_LOGIN_PERMISSION, 88, (*_CALLED, Clue.NO_LOGIN_PERMISSION)),
    Rule(oauth2.NO_LOGIN_PERMISSION, 70, _CALLED, ((Clue.LOGIN_WORKED, -30),)),
    Rule(
        causes.NO_REST_PERMISSION,
        64,
        (*_CALLED, Clue.REST),
        ((Clue.NO_REST_PERMISSION, 22),),
    ),
    Rule(oauth2.SCOPE_CLEARED, 60, _CALLED, ((Clue.RESTLET, 6), (Clue.LOGIN_WORKED, 6))),
    Rule(oauth2.MANAGES_APPLICATIONS, 50, _CALLED),
    Rule(
        causes.WEB_SERVICES_ONLY,
        48,
        (*_CALLED, Clue.RESTLET),
        ((Clue.LOGIN_WORKED, 20),),
        (Clue.WEB_SERVICES_ONLY,),
    ),
    Rule(causes.BURST, 40, _CALLED, ((Clue.LOGIN_WORKED, 15),)),
    Rule(oauth2.TOKEN_OVER, 38, _CALLED, ((Clue.CLOCK_OFF, 40),)),
    Rule(causes.ROLE_GONE, 36, _CALLED),
    Rule(causes.SERVICE_FEATURE, 35, _CALLED, ((Clue.LOGIN_WORKED, 12),)),
    Rule(oauth2.COOKIE, 10, _CALLED, ((Clue.AMBIGUOUS, 80), (Clue.THROUGH_ENDPOINT, 30))),
    # Not a matter of the login.
    Rule(oauth2.NOT_OWN_CERTIFICATES, 92, (Clue.BEARER, Clue.FORBIDDEN, Clue.CERTIFICATE_CALL)),
    Rule(oauth2.NOT_OWN_CERTIFICATES, 65, (*_CALLED, Clue.CERTIFICATE_CALL)),
    Rule(oauth2.NO_PLACE, 80, (Clue.BEARER, Clue.OTHER_FAILURE, Clue.CERTIFICATE_CALL)),
    Rule(oauth2.NOT_TAKEN, 75, (Clue.BEARER, Clue.OTHER_FAILURE, Clue.CERTIFICATE_CALL)),
    Rule(oauth2.NO_PLACE, 60, (Clue.BEARER, Clue.FORBIDDEN, Clue.CERTIFICATE_CALL)),
    Rule(oauth2.CLIENT_UNKNOWN, 85, (Clue.BEARER, Clue.NOT_FOUND, Clue.CERTIFICATE_CALL)),
    Rule(causes.NO_WORKBOOK, 90, (Clue.BEARER, Clue.FORBIDDEN, Clue.SUITEQL_CHECK)),
    Rule(causes.NO_WORKBOOK, 75, (Clue.BEARER, Clue.OTHER_FAILURE, Clue.SUITEQL_CHECK)),
    Rule(causes.NO_WORKBOOK, 89, (*_CALLED, Clue.SUITEQL_CHECK, Clue.NO_WORKBOOK)),
    Rule(causes.RECORD_PERMISSION, 60, (Clue.BEARER, Clue.FORBIDDEN)),
    Rule(causes.NO_DEPLOYMENT, 80, (Clue.BEARER, Clue.NOT_FOUND, Clue.RESTLET_CHECK)),
    Rule(causes.NO_DEPLOYMENT, 80, (Clue.BEARER, Clue.OTHER_FAILURE, Clue.RESTLET_CHECK)),
    Rule(causes.NO_DEPLOYMENT, 55, (Clue.BEARER, Clue.FORBIDDEN, Clue.RESTLET_CHECK)),
    Rule(causes.SERVICE_FEATURE, 50, (Clue.BEARER, Clue.FORBIDDEN)),
    # Not NetSuite's.
    Rule(causes.NOT_THERE, 60, (Clue.NOT_FOUND,)),
    Rule(causes.NOT_THERE, 40, (Clue.OTHER_FAILURE,)),
    Rule(causes.NOT_NETSUITE, 30, (Clue.OTHER_FAILURE,), ((Clue.THROUGH_ENDPOINT, 20),)),
    Rule(causes.NOT_NETSUITE, 50, (Clue.ASSERTION, Clue.FORBIDDEN)),
    Rule(causes.REDIRECT, 90, (Clue.REDIRECTED,)),
    Rule(causes.NOT_NETSUITE, 60, (Clue.REDIRECTED,)),
    Rule(causes.NOT_NETSUITE, 90, (Clue.UNREADABLE,)),
    Rule(causes.NOT_THERE, 50, (Clue.UNREADABLE,)),
)
