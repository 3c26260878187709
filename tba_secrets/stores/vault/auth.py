"""The ways to log in to Vault, a closed choice: each sends one login, once.

hvac's `auth` classes do the calls, over our adapter. Its AWS login is not used: it signs for the global STS endpoint
alone, which a role with a regional `sts_endpoint` refuses (Vault API, "AWS auth method", Login, iam_request_url).
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from hvac.api import AuthMethods

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
from tba_secrets.stores.vault.transport import VaultAdapter

_STS_REQUEST: Final = "Action=GetCallerIdentity&Version=2011-06-15"


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
    declared = [value for _, value in auth if value is not None]
    if len(declared) != 1:
        raise StoreError(
            "store.vault.auth: exactly one method is needed", "give one of " + ", ".join(_names())
        )
    methods = AuthMethods(adapter)
    match declared[0]:
        case VaultCredential() as token:
            return Method("token", _place(token), None, lambda: _value(token, "the Vault token"))
        case VaultAppRole() as role:
            return Method(
                "approle", _mounted(role, "approle", role.role_id), lambda: _approle(methods, role)
            )
        case VaultKubernetes() as pod:
            return Method(
                "kubernetes",
                _mounted(pod, "kubernetes", pod.role),
                lambda: _kubernetes(methods, pod),
            )
        case VaultJwt() as job:
            return Method("jwt", _mounted(job, "jwt", job.role), lambda: _jwt(methods, job))
        case VaultAwsIam() as iam:
            return Method("aws", _mounted(iam, "aws", iam.role), lambda: _aws(adapter, iam))
    raise StoreError("store.vault.auth: unknown method", "give one of " + ", ".join(_names()))


def _approle(methods: Any, role: VaultAppRole) -> Mapping[str, Any]:
    answer = methods.approle.login(
        role_id=role.role_id,
        secret_id=_value(role.secret_id, "the AppRole secret id").reveal(),
        use_token=False,
        mount_point=role.mount or "approle",
    )
    return _auth(answer)


def _kubernetes(methods: Any, pod: VaultKubernetes) -> Mapping[str, Any]:
    token = _value(VaultCredential(file=pod.token_file), "the service account's token")
    answer = methods.kubernetes.login(
        role=pod.role,
        jwt=token.reveal(),
        use_token=False,
        mount_point=pod.mount or "kubernetes",
    )
    return _auth(answer)


def _jwt(methods: Any, job: VaultJwt) -> Mapping[str, Any]:
    answer = methods.jwt.jwt_login(
        role=job.role,
        jwt=_value(job.jwt, "the job's JWT").reveal(),
        use_token=False,
        path=job.mount or "jwt",
    )
    return _auth(answer)


def _aws(adapter: VaultAdapter, iam: VaultAwsIam) -> Mapping[str, Any]:
    """Sign sts:GetCallerIdentity, and let Vault send it (Vault API, "AWS auth method", Login)."""
    url, headers = _signed_identity_request(iam)
    body = {
        "role": iam.role,
        "iam_http_request_method": "POST",
        "iam_request_url": _base64(url),
        "iam_request_headers": _base64(json.dumps({key: [held] for key, held in headers.items()})),
        "iam_request_body": _base64(_STS_REQUEST),
    }
    return _auth(adapter.post(f"/v1/auth/{quote(iam.mount or 'aws')}/login", json=body))


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


def _place(place: VaultCredential) -> dict[str, str]:
    return {"token from": f"${place.env}" if place.env else f"{place.file}"}


def _mounted(
    login: VaultAppRole | VaultKubernetes | VaultJwt | VaultAwsIam, name: str, role: str
) -> dict[str, str]:
    return {"auth mount": login.mount or name, "role": role}


def _names() -> list[str]:
    return list(VaultAuth.model_fields)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
