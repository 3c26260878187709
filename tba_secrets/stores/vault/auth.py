"""The ways to log in to Vault, a closed choice: each sends one login, once.

Source: Vault API, "AppRole", "Kubernetes", "JWT/OIDC" and "AWS auth method", each under "Login".
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import (
    VaultAppRole,
    VaultAuth,
    VaultAwsIam,
    VaultCredential,
    VaultJwt,
    VaultKubernetes,
)
from tba_secrets.stores.vault.errors import VaultRequest
from tba_secrets.stores.vault.transport import VaultAdapter

_STS_REQUEST: Final = "Action=GetCallerIdentity&Version=2011-06-15"
_Way = VaultAppRole | VaultKubernetes | VaultJwt | VaultAwsIam


@dataclass(frozen=True)
class Method:
    """One way to get a token."""

    name: str
    """`token`, `approle`, `kubernetes`, `jwt` or `aws`."""
    shown: Mapping[str, str]
    """The settings in force; never secret."""
    login: Callable[[], Mapping[str, Any]] | None
    """Logs in once, and returns the answer's `auth`; None if a token is given, which cannot be obtained again."""
    given: Callable[[], Sensitive] | None = None
    """Returns the token that another program obtained."""

    @property
    def can_log_in(self) -> bool:
        """Whether another token can be obtained."""
        return self.login is not None


def method_of(auth: VaultAuth, adapter: VaultAdapter) -> Method:
    """Return the method that `auth` declares; read and send nothing yet.

    Raises:
        StoreError: Not exactly one is declared (`spec.load` refuses that with its position).
    """
    declared = [(name, way) for name, way in auth if way is not None]
    if len(declared) != 1:
        raise StoreError(
            "store.vault.auth: exactly one method is needed",
            "give one of " + ", ".join(VaultAuth.model_fields),
        )
    name: str = declared[0][0]
    way: VaultCredential | _Way = declared[0][1]
    if isinstance(way, VaultCredential):
        place = f"${way.env}" if way.env else f"{way.file}"
        return Method(name, {"token from": place}, None, lambda: _value(way, "the Vault token"))
    mount = way.mount or name
    asked = VaultRequest("POST", f"auth/{mount}/login", adapter.base_uri)
    role = way.role_id if isinstance(way, VaultAppRole) else way.role
    return Method(
        name,
        {"auth mount": mount, "role": role},
        lambda: _auth(adapter.exchange(asked, json=_proof(way)).body),
    )


def _proof(way: _Way) -> dict[str, str]:
    """Return what Vault is sent to log in."""
    match way:
        case VaultAppRole():
            secret_id = _value(way.secret_id, "the AppRole secret id")
            return {"role_id": way.role_id, "secret_id": secret_id.reveal()}
        case VaultKubernetes():
            token = _value(VaultCredential(file=way.token_file), "the service account's token")
            return {"role": way.role, "jwt": token.reveal()}
        case VaultJwt():
            return {"role": way.role, "jwt": _value(way.jwt, "the job's JWT").reveal()}
        case VaultAwsIam():
            return _signed(way)


def _signed(iam: VaultAwsIam) -> dict[str, str]:
    """Sign sts:GetCallerIdentity, and let Vault send it."""
    url, headers = _signed_identity_request(iam)
    return {
        "role": iam.role,
        "iam_http_request_method": "POST",
        "iam_request_url": _base64(url),
        "iam_request_headers": _base64(json.dumps({key: [held] for key, held in headers.items()})),
        "iam_request_body": _base64(_STS_REQUEST),
    }


def _signed_identity_request(iam: VaultAwsIam) -> tuple[str, dict[str, str]]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    session = Session(profile=iam.profile)
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if iam.server_id is not None:
        headers["X-Vault-AWS-IAM-Server-ID"] = iam.server_id
    try:
        credentials = session.get_credentials()
    except BotoCoreError:
        credentials = None
    if credentials is None:
        raise AccessDeniedError(
            "no usable AWS credentials were found for Vault's AWS login",
            "set `store.vault.auth.aws.profile`, or AWS_PROFILE, or sign in with `aws sso login`",
        )
    url = _sts_url(session, iam.region)
    request = AWSRequest("POST", url, headers, _STS_REQUEST.encode())
    SigV4Auth(credentials.get_frozen_credentials(), "sts", iam.region).add_auth(request)
    return url, {**dict(request.headers.items()), "Host": urlsplit(url).netloc}


def _sts_url(session: Any, region: str) -> str:
    """Return the regional endpoint of STS; botocore knows the suffix of the region's partition.

    A role with a regional `sts_endpoint` refuses the global one (Vault API, "AWS auth method", Login, iam_request_url).
    Settings for our own calls (an endpoint of one's own, FIPS) do not apply: Vault sends the request.
    """
    from botocore.config import Config

    session.set_config_variable("sts_regional_endpoints", "regional")
    plain = Config(
        ignore_configured_endpoint_urls=True, use_fips_endpoint=False, use_dualstack_endpoint=False
    )
    client = session.create_client("sts", region_name=region, config=plain)
    return f"{client.meta.endpoint_url}/"


def _auth(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    auth = answer.get("auth")
    if not isinstance(auth, dict) or not auth.get("client_token"):
        raise AccessDeniedError(
            "Vault accepted the login and gave no token: it asks for a second factor, or something else answered",
            "use a login without a second factor for unattended runs",
        )
    return auth


def _value(place: VaultCredential, what: str) -> Sensitive:
    """Return what the variable or file holds, without white space around it; raise if it is absent or empty."""
    if (place.env is None) == (place.file is None):
        raise StoreError(f"{what}: exactly one of env and file is needed", "declare one of them")
    if place.env is not None:
        where, text = f"the environment variable {place.env}", os.environ.get(place.env, "")
    else:
        where, text = f"the file {place.file}", _text(str(place.file))
    if not (text := text.strip()):
        raise AccessDeniedError(
            f"{what} is to come from {where}, which is not there or is empty",
            "put it there, or declare another way to log in under `store.vault.auth`",
        )
    return Sensitive(text)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise AccessDeniedError(
            f"the file {path} cannot be read ({reason})", "name a file that you can read"
        ) from None


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
