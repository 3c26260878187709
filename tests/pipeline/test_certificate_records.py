"""Environment -> records of certificates: what one leaves unsaid, and that nothing half-provisions them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec.model import (
    BearerVerify,
    Certificate,
    CertificateFormat,
    CertificateSettings,
    Environment,
)
from tests.pipeline.test_records import environment as tba_environment


def environment(
    certificate: dict[str, Any] | None = None, defaults: dict[str, Any] | None = None
) -> Environment:
    user = {"email": "bot@example.com", "entity": "38"}
    return Environment.model_validate(
        {
            "version": 1,
            "account": "1234567_SB1",
            "endpoint": "http://127.0.0.1:8917",
            "store": {"aws": {"region": "us-east-1"}},
            "defaults": defaults or {},
            "integrations": [
                {
                    "name": "warehouse",
                    "auth": "oauth2",
                    "client": "stored",
                    "role": {"name": "Warehouse", "id": "1042"},
                    "certificates": [{"name": "bot", "user": user, **(certificate or {})}],
                }
            ],
        }
    )


def record(**more: Any) -> CredentialRecord:
    (only,) = credential_records(environment(**more))
    return only


def test_what_nobody_said() -> None:
    only = record()
    assert (only.path, only.secret, only.endpoint) == (
        "warehouse/bot",
        "bot",
        "http://127.0.0.1:8917",
    )
    assert only.certificate == CertificateSettings(
        algorithm="ES256", valid_for="365d", scopes=("rest_webservices",), by="api"
    )
    assert (only.role.id, only.user.entity) == ("1042", "38")
    assert (only.consumer_source, only.token_source) == ("stored", "generated")
    assert only.format == CertificateFormat()
    assert only.verify == BearerVerify(checks=("rest",), always=False)
    assert (only.rotate_every, only.retire_after, only.warn_before) == (None, None, None)
    assert not any((only.retain, only.require_values, only.restore, only.adopt))


def test_what_the_defaults_say() -> None:
    defaults = {
        "on_delete": "retain",
        "require_values": True,
        "restore": True,
        "rotate_every": "90d",
        "retire_after": "7d",
        "warn_before": "14d",
    }
    only = record(defaults=defaults)
    assert all((only.retain, only.require_values, only.restore))
    assert (only.rotate_every, only.retire_after, only.warn_before) == (
        timedelta(days=90),
        timedelta(days=7),
        timedelta(days=14),
    )
    own = record(defaults=defaults, certificate={"rotate_every": "30d", "on_delete": "recoverable"})
    assert own.rotate_every == timedelta(days=30)
    assert not own.retain


@pytest.mark.parametrize(
    ("own", "default", "verify"),
    [
        (None, "always", BearerVerify(always=True)),
        (None, {"checks": ["tokeninfo", "soap"]}, BearerVerify()),
        (None, {"checks": ["soap"], "always": True}, BearerVerify(always=True)),
        ("always", None, BearerVerify(always=True)),
        ({"checks": ["suiteql"]}, "always", BearerVerify(checks=("suiteql",))),
    ],
)
def test_the_checks_of_tokens_are_not_those_of_certificates(
    own: Any, default: Any, verify: BearerVerify
) -> None:
    certificate = {} if own is None else {"verify": own}
    assert (
        record(certificate=certificate, defaults={"verify": default} if default else {}).verify
        == verify
    )


def test_what_a_certificate_says_itself() -> None:
    only = record(
        certificate={
            "secret": "other/name",
            "key": {"env": {"private_key": "KEY", "certificate": "CERTIFICATE"}},
            "algorithm": "PS256",
            "valid_for": "730d",
            "scopes": ["rest_webservices", "restlets"],
            "by": "person",
            "format": {"client_id": "NS_CLIENT"},
            "adopt": True,
            "description": "for orders",
        }
    )
    assert (only.secret, only.adopt) == ("other/name", True)
    assert only.certificate == CertificateSettings(
        algorithm="PS256",
        valid_for="730d",
        scopes=("rest_webservices", "restlets"),
        by="person",
    )
    assert only.format == CertificateFormat(client_id="NS_CLIENT")
    assert only.description == "for orders"


def test_every_field_of_a_certificate_has_its_place() -> None:
    renamed = {"name": "token", "key": "token_source", "on_delete": "retain"}
    settings = set(CertificateSettings.model_fields)
    fields = {renamed.get(name, name) for name in set(Certificate.model_fields) - settings}
    assert fields <= set(CredentialRecord.__dataclass_fields__)


def test_a_token_is_no_certificate() -> None:
    assert all(one.certificate is None for one in credential_records(tba_environment()))
