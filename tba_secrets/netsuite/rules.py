"""Which clues speak for which cause, and how strongly: the table that `diagnosis` reads.

The order is a guess from what the answer, the record and the clock show, and from what users report most.
`causes` names the sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.causes import Cause


class Clue(Enum):
    """What speaks for or against a cause."""

    REFUSED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    OTHER_FAILURE = auto()
    REDIRECTED = auto()
    UNREADABLE = auto()
    """2xx with a body that is no answer of this service."""
    REST = auto()
    RESTLET = auto()
    SOAP = auto()
    LOGIN_WORKED = auto()
    """The same credential was accepted in this run: keys, secrets and clock are good."""
    AMBIGUOUS = auto()
    MALFORMED = auto()
    WEB_SERVICES_ONLY = auto()
    """INVALID_LOGIN_CREDENTIALS from a RESTlet (Oracle help, "RESTlet Authentication")."""
    FLOW_STEP = auto()
    RESTLET_CHECK = auto()
    SUITEQL_CHECK = auto()
    NO_LOGIN_PERMISSION = auto()
    NO_REST_PERMISSION = auto()
    NO_SOAP_PERMISSION = auto()
    NO_WORKBOOK = auto()
    SANDBOX = auto()
    ACCOUNT_FORM = auto()
    ACCOUNT_DIFFERS = auto()
    WHITESPACE = auto()
    UNUSUAL_FORM = auto()
    CLOCK_OFF = auto()
    THROUGH_ENDPOINT = auto()
    """Not the account's own host: something between may change what was signed."""
    # What happened elsewhere (circumstances.py).
    PASSED_BEFORE = auto()
    """These very values were accepted by NetSuite once: what is wrong has changed there since."""
    ACCOUNT_CHANGED = auto()
    """The declared account is another one than at the test before."""
    RECENTLY_REFUSED = auto()
    """Logins of this user were refused within the last 30 minutes."""
    CONSUMER_WORKED = auto()
    """The same consumer key and secret were accepted with another token in this run."""
    CONSUMER_REFUSED = auto()
    """The same consumer key and secret were refused with every other token too."""
    ACCOUNT_REFUSED = auto()
    """Every integration of the account was refused."""
    # What a refused request shows by itself (request_clues.py).
    FORM_BROKEN = auto()
    """A parameter is missing, empty or there twice, or the version is not 1.0."""
    OTHER_ALGORITHM = auto()
    NONCE_BAD = auto()
    """Shorter than six characters, or sent twice with one timestamp."""
    QUERY_IN_HEADER = auto()
    """The Authorization header has parameters that are not OAuth's."""
    SPECIAL_PATH = auto()
    """The path has signs that clients are known to encode in one place and not in the other."""
    HEX_SIGNATURE = auto()
    # OAuth 2.0 (oauth2/rules.py).
    ASSERTION = auto()
    """The token endpoint was asked for an access token."""
    BEARER = auto()
    """A call carried an access token."""
    BAD_CLIENT = auto()
    """invalid_client"""
    BAD_GRANT = auto()
    """unauthorized_client, unsupported_grant_type"""
    BAD_SCOPE = auto()
    """invalid_scope"""
    BAD_FORM = auto()
    """invalid_request"""
    SERVER_ERROR = auto()
    CERTIFICATE_OVER = auto()
    """The certificate has run out, by what is known of it."""
    SCOPE_LACKING = auto()
    """The access token says itself that it has not the scope of this service."""
    MANAGES_APPLICATIONS = auto()
    """The role is declared with OAuth 2.0 Authorized Applications Management."""
    CERTIFICATE_CALL = auto()


@dataclass(frozen=True)
class Rule:
    """A cause is as likely as its `weight` where every clue of `when` is there; `more` adds, `never` rules it out."""

    cause: Cause
    weight: int
    when: tuple[Clue, ...] = ()
    more: Mapping[Clue, int] = field(default_factory=dict)
    never: tuple[Clue, ...] = ()


def where(*when: Clue, never: tuple[Clue, ...] = (), rules: Iterable[Rule]) -> Iterator[Rule]:
    """Return the rules with what all of them need, and what rules all of them out."""
    for rule in rules:
        yield replace(rule, when=(*when, *rule.when), never=(*never, *rule.never))


_SEEN: Final = (
    # What can be seen beforehand comes first.
    Rule(causes.CLOCK, 92, (Clue.CLOCK_OFF,)),
    Rule(causes.AMBIGUOUS, 99, (Clue.AMBIGUOUS,)),
    Rule(causes.ALGORITHM, 90, (Clue.MALFORMED,)),
    Rule(causes.HEADER_BROKEN, 89, (Clue.MALFORMED,)),
    Rule(causes.WEB_SERVICES_ONLY, 98, (Clue.RESTLET, Clue.WEB_SERVICES_ONLY)),
    Rule(
        causes.NO_REST_PERMISSION,
        60,
        (Clue.REST,),
        {Clue.NO_REST_PERMISSION: 27, Clue.LOGIN_WORKED: 30},
    ),
    Rule(
        causes.NO_SOAP_PERMISSION,
        60,
        (Clue.SOAP,),
        {Clue.NO_SOAP_PERMISSION: 27, Clue.LOGIN_WORKED: 30},
    ),
    Rule(causes.HEADER_BROKEN, 97, (Clue.FORM_BROKEN,)),
    Rule(causes.ALGORITHM, 97, (Clue.OTHER_ALGORITHM,)),
    Rule(causes.REPLAYED, 97, (Clue.NONCE_BAD,)),
    Rule(causes.UNSIGNED_QUERY, 96, (Clue.QUERY_IN_HEADER,)),
    Rule(causes.HEX_DIGEST, 96, (Clue.HEX_SIGNATURE,)),
    Rule(causes.ENCODING, 86, (Clue.SPECIAL_PATH,)),
)
_UNLESS_LOGIN_WORKED: Final = (
    Rule(causes.WHITESPACE, 95, (Clue.WHITESPACE,)),
    Rule(causes.ACCOUNT_DIFFERS, 94, (Clue.ACCOUNT_DIFFERS,)),
    Rule(causes.ACCOUNT_CHANGED, 93, (Clue.ACCOUNT_CHANGED,)),
    Rule(causes.NO_LOGIN_PERMISSION, 88, (Clue.NO_LOGIN_PERMISSION,)),
    Rule(causes.UNUSUAL_FORM, 80, (Clue.UNUSUAL_FORM,)),
    Rule(causes.ACCOUNT_FORM, 85, (Clue.ACCOUNT_FORM,)),
    # What the answer alone cannot tell apart, by how often it is reported and by what happened elsewhere.
    Rule(causes.TOKEN_REJECTED, 70, more={Clue.PASSED_BEFORE: 8, Clue.CONSUMER_WORKED: 4}),
    Rule(causes.WRONG_SECRET, 68, more={Clue.PASSED_BEFORE: -30}),
    Rule(causes.ROLE_GONE, 52, more={Clue.PASSED_BEFORE: 10, Clue.CONSUMER_WORKED: 14}),
    Rule(causes.NO_LOGIN_PERMISSION, 50),
    Rule(causes.CLOCK, 20),
)
_UNLESS_CONSUMER_WORKED: Final = (
    Rule(
        causes.SANDBOX_REFRESH,
        66,
        (Clue.SANDBOX,),
        {Clue.PASSED_BEFORE: 13, Clue.CONSUMER_REFUSED: 5},
    ),
    Rule(causes.CONSUMER_UNKNOWN, 55, more={Clue.CONSUMER_REFUSED: 28}),
    Rule(causes.INTEGRATION_BLOCKED, 54, more={Clue.CONSUMER_REFUSED: 28, Clue.PASSED_BEFORE: 6}),
    Rule(causes.TBA_FEATURE, 34, more={Clue.ACCOUNT_REFUSED: 56}),
)
_LESS_LIKELY: Final = (
    Rule(
        causes.LOCKED_OUT,
        48,
        more={Clue.LOGIN_WORKED: 5, Clue.RECENTLY_REFUSED: 21, Clue.PASSED_BEFORE: 12},
    ),
    Rule(causes.BURST, 40, more={Clue.LOGIN_WORKED: 15}),
    Rule(causes.WEB_SERVICES_ONLY, 39, (Clue.RESTLET,), {Clue.LOGIN_WORKED: 30}),
    Rule(causes.SERVICE_FEATURE, 35, more={Clue.LOGIN_WORKED: 22}),
    # Faults of a signer or of something between: ours is proven by Oracle's vectors, another's is not.
    Rule(causes.ENCODING, 12, more={Clue.THROUGH_ENDPOINT: 45}),
    Rule(causes.UNSIGNED_QUERY, 11, more={Clue.THROUGH_ENDPOINT: 20}),
    Rule(causes.REPLAYED, 10, more={Clue.THROUGH_ENDPOINT: 20}),
    Rule(causes.HEX_DIGEST, 4),
    Rule(causes.ALGORITHM, 5),
    Rule(causes.HEADER_BROKEN, 6),
    Rule(causes.PASSWORD_LOGIN, 3),
)

NOT_THE_LOGIN: Final = (
    Rule(causes.NO_WORKBOOK, 90, (Clue.FORBIDDEN, Clue.SUITEQL_CHECK)),
    Rule(causes.NO_WORKBOOK, 75, (Clue.OTHER_FAILURE, Clue.SUITEQL_CHECK)),
    Rule(causes.NO_WORKBOOK, 89, (Clue.REFUSED, Clue.SUITEQL_CHECK, Clue.NO_WORKBOOK)),
    Rule(causes.RECORD_PERMISSION, 60, (Clue.FORBIDDEN,), never=(Clue.ASSERTION,)),
    Rule(causes.SERVICE_FEATURE, 50, (Clue.FORBIDDEN,), never=(Clue.ASSERTION,)),
    Rule(causes.NO_DEPLOYMENT, 80, (Clue.NOT_FOUND, Clue.RESTLET_CHECK)),
    Rule(causes.NO_DEPLOYMENT, 80, (Clue.OTHER_FAILURE, Clue.RESTLET_CHECK)),
    Rule(causes.NO_DEPLOYMENT, 55, (Clue.FORBIDDEN, Clue.RESTLET_CHECK)),
    Rule(causes.NOT_THERE, 60, (Clue.NOT_FOUND,)),
    Rule(causes.NOT_THERE, 40, (Clue.OTHER_FAILURE,)),
    Rule(causes.NOT_NETSUITE, 30, (Clue.OTHER_FAILURE,), {Clue.THROUGH_ENDPOINT: 20}),
    Rule(causes.REDIRECT, 90, (Clue.REDIRECTED,)),
    Rule(causes.NOT_NETSUITE, 60, (Clue.REDIRECTED,)),
    Rule(causes.NOT_NETSUITE, 90, (Clue.UNREADABLE,)),
    Rule(causes.NOT_THERE, 50, (Clue.UNREADABLE,)),
)
"""Whatever the credential is."""

RULES: Final = (
    *where(Clue.REFUSED, rules=_SEEN),
    *where(Clue.REFUSED, never=(Clue.LOGIN_WORKED,), rules=_UNLESS_LOGIN_WORKED),
    *where(
        Clue.REFUSED, never=(Clue.LOGIN_WORKED, Clue.CONSUMER_WORKED), rules=_UNLESS_CONSUMER_WORKED
    ),
    *where(Clue.REFUSED, rules=_LESS_LIKELY),
    Rule(causes.SERVICE_FEATURE, 50, (Clue.NOT_FOUND,)),
    Rule(causes.FLOW_OFF, 90, (Clue.OTHER_FAILURE, Clue.FLOW_STEP)),
    Rule(causes.FLOW_CALLBACK, 70, (Clue.OTHER_FAILURE, Clue.FLOW_STEP)),
    Rule(causes.FLOW_VERIFIER, 60, (Clue.OTHER_FAILURE, Clue.FLOW_STEP)),
    *NOT_THE_LOGIN,
)
