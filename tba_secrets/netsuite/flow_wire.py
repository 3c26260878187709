"""Steps one and three of the authorization flow on the wire: the requests, and the forms that answer them.

Sources: Oracle help, "Step One Obtain An Unauthorized Request Token", "Step Three Exchange the Request Token for an
Access Token"; RFC 5849 sections 2.1 and 2.3. That the issued values come with white space is told by Celigo's release
notes (contrib-netsuite-servicemgr 1.0.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import requests

from tba_secrets.errors import SourceError
from tba_secrets.netsuite import account as accounts
from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.netsuite.flow_causes import FlowStep
from tba_secrets.netsuite.signing import Once, Parameter, SigningKeys, authorization
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.sources.values import HalfNames, make_pair

_MOST_FIELDS: Final = 50
_PLACE: Final = "NetSuite's answer"


@dataclass(frozen=True)
class Application:
    """The integration record that asks for a token, and where it asks."""

    name: str
    """As in the environment; people look the token up by it."""
    account: str
    consumer: Pair
    endpoint: str | None = None
    """One address for all services; the account's own hosts where None."""

    def url(self, service: Service) -> str:
        """Return the base URL of a service. Raises `AccountIdError` if the account id is malformed."""
        return base_url(self.account, service, self.endpoint)


def step_one_request(
    application: Application, callback: str, role_id: str | None, once: Once
) -> requests.PreparedRequest:
    """`POST /rest/requesttoken`: `role` is a signed header parameter without the `oauth_` prefix."""
    role = [("role", role_id)] if role_id is not None else []
    keys = SigningKeys(application.consumer.identifier, application.consumer.secret)
    return _request(
        application, FlowStep.REQUEST_TOKEN, keys, once, [("oauth_callback", callback), *role]
    )


def step_three_request(
    application: Application, request_token: Pair, verifier: Sensitive, once: Once
) -> requests.PreparedRequest:
    """`POST /rest/accesstoken`, signed with the request token's secret."""
    consumer = application.consumer
    keys = SigningKeys(
        consumer.identifier, consumer.secret, request_token.identifier, request_token.secret
    )
    extra = [("oauth_verifier", verifier.reveal())]
    return _request(application, FlowStep.ACCESS_TOKEN, keys, once, extra)


def _request(
    application: Application, step: FlowStep, keys: SigningKeys, once: Once, extra: list[Parameter]
) -> requests.PreparedRequest:
    url = application.url(Service.RESTLETS) + step.value
    realm = accounts.realm(application.account)
    header = authorization(keys, "POST", url, once=once, realm=realm, extra=extra)
    return requests.Request("POST", url, headers={"Authorization": header}).prepare()


def form_fields(body: str) -> dict[str, str]:
    """Return the fields of a form-encoded answer, stripped of white space; empty if it is no form."""
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name.strip(): value.strip() for name, value in pairs}


def issued_pair(fields: dict[str, str], names: HalfNames) -> Pair | None:
    """`oauth_token` and `oauth_token_secret`, None where they are not both there and usable."""
    texts = (fields.get("oauth_token"), fields.get("oauth_token_secret"))
    try:
        return make_pair(names, (_PLACE, _PLACE), texts)
    except SourceError:
        return None
