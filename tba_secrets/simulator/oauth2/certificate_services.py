"""The certificate rotation endpoint: list, set up, revoke.

Source: Oracle help, "OAuth 2.0 Client Credentials Certificate Rotation Endpoint". Only what succeeds is documented;
every refusal, the statuses, and whose certificates a user sees are inferred.
"""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.gate import Call
from tba_secrets.simulator.models import Account, CertificateMapping, IntegrationRecord
from tba_secrets.simulator.oauth2.mappings import CertificateRefused
from tba_secrets.simulator.vocabulary import ADMINISTRATOR_ROLE_ID, MANAGE_OWN_CERTIFICATES

PATH: Final = "/services/rest/auth/oauth2/v1/clients/<client_id>/certificates"
_NOT_OWN: Final = "You can manage your own certificates only."


def list_certificates(call: Call) -> Response:
    """Answer GET certificates: the record's, revoked and expired ones too; a plain user sees his own."""
    integration = _integration(call)
    if isinstance(integration, Response):
        return integration
    account = call.identity.account
    rows = [
        _row(account, one)
        for one in account.certificates
        if one.integration == integration.name and _may_manage(call, one.user)
    ]
    return answers.json_answer(rows)


def add_certificate(call: Call) -> Response:
    """Answer POST certificates: map a certificate to the record, an entity and a role of his."""
    integration = _integration(call)
    if isinstance(integration, Response):
        return integration
    account = call.identity.account
    try:
        body = json.loads(call.request.get_data())
        user, role = account.user(_id(body["entity"])), account.role(_id(body["role"]))
        content = body["fileContent"]
        new = CertificateMapping(
            integration=integration.name, user=user.id, role=role.id, certificate=content
        )
    except (ValueError, KeyError, TypeError):  # pydantic's ValidationError is a ValueError
        return answers.rest_bad_request("INVALID_CONTENT", "Invalid content in the request body.")
    if not _may_manage(call, new.user):
        return answers.rest_error(403, "Forbidden", "INSUFFICIENT_PERMISSION", _NOT_OWN)
    try:
        added = call.state.add_certificate(call.identity.account_id, new)
    except CertificateRefused as refused:
        return answers.rest_bad_request("INVALID_CONTENT", str(refused))
    return answers.json_answer(_set_up(call.identity.account_id, account, integration, added))


def revoke_certificate(call: Call) -> Response:
    """Answer POST certificates/<id>/revoke; the credential may revoke the certificate that it came by."""
    integration = _integration(call)
    if isinstance(integration, Response):
        return integration
    mapped = (
        one
        for one in call.identity.account.certificates
        if one.integration == integration.name
        and one.facts.certificate_id == call.path_values["certificate_id"]
    )
    if (certificate := next(mapped, None)) is None:
        return answers.rest_not_found()
    if not _may_manage(call, certificate.user):
        return answers.rest_error(403, "Forbidden", "INSUFFICIENT_PERMISSION", _NOT_OWN)
    if certificate.revoked:
        return answers.rest_bad_request("INVALID_REQUEST", "The certificate is already revoked.")
    certificate.revoked = True
    return Response("Successfully revoked", content_type="text/plain; charset=utf-8")


def _integration(call: Call) -> IntegrationRecord | Response:
    """Return the record of the path, for a role that may work with certificates; else the refusal."""
    if not call.identity.role.allows(MANAGE_OWN_CERTIFICATES):
        return answers.rest_forbidden(MANAGE_OWN_CERTIFICATES)
    found = call.identity.account.client(call.path_values["client_id"])
    return found or answers.rest_not_found()


def _may_manage(call: Call, user: str) -> bool:
    """Return whether the certificates of a user are the caller's: his own, or anybody's for an administrator."""
    who = call.identity
    return who.role.id == ADMINISTRATOR_ROLE_ID or who.account.user(user) is who.user


def _row(account: Account, certificate: CertificateMapping) -> dict[str, Any]:
    """Build an entry of the list."""
    integration = account.integration(certificate.integration)
    user, role = account.user(certificate.user), account.role(certificate.role)
    number = _number_of(account, integration)
    facts = certificate.facts
    return {
        "application": {
            "id": number,
            "name": integration.name,
            "url": f"/app/common/integration/integrapp.nl?id={number}",
            "application_id": integration.application_id,
        },
        "entity": {
            "id": _number(user.id),
            "name": user.name or user.email,
            "url": f"/app/common/entity/entity.nl?id={user.id}",
        },
        "role": {
            "id": _number(role.id),
            "name": role.name,
            "url": f"/app/setup/role.nl?id={role.id}",
        },
        "created": (certificate.created or facts.valid_from.date()).isoformat(),
        "valid_from": facts.valid_from.date().isoformat(),
        "valid_until": facts.valid_until.date().isoformat(),
        "revoked": certificate.revoked,
        "certificate_id": facts.certificate_id,
        "algorithm": facts.algorithm,
    }


def _set_up(
    account_id: str, account: Account, integration: IntegrationRecord, added: CertificateMapping
) -> dict[str, Any]:
    """Build the answer to a new mapping, whose names differ from the list's."""
    row = _row(account, added)
    return {
        "entity_role_id": {
            "com": account_id,
            "ent": row["entity"]["id"],
            "rol": row["role"]["id"],
        },
        "application_id": _number_of(account, integration),
        "certificate_id": row["certificate_id"],
        "certificate": added.certificate,
        "algorithm": row["algorithm"],
        "created_at": row["created"],
        "valid_from": row["valid_from"],
        "valid_until": row["valid_until"],
        "invalidated": added.revoked,
    }


def _number_of(account: Account, integration: IntegrationRecord) -> int:
    """Return the record's internal id: its place in the account."""
    return account.integrations.index(integration) + 1


def _id(value: object) -> str:
    """Read an id that clients send as a number or as a text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("not an id")
    return str(value)


def _number(record_id: str) -> int | str:
    """Write an id as a number, as the samples do."""
    return int(record_id) if record_id.removeprefix("-").isdigit() else record_id
