"""The token endpoints on the restlets host: tokeninfo and revoketoken (Oracle help, "Token-based Authentication")."""

from __future__ import annotations

from flask import Response

from tba_secrets.simulator import answers
from tba_secrets.simulator.authentication import find_token
from tba_secrets.simulator.gate import Call
from tba_secrets.simulator.vocabulary import USER_ACCESS_TOKENS


def token_info(call: Call) -> Response:
    """Answer GET /rest/tokeninfo with the token's owner. The spelling of the keys is inferred."""
    who = call.identity
    return answers.json_answer(
        {
            "companyName": who.account.company_name,
            "companyId": who.account_id,
            "roleName": who.role.name,
            "roleId": who.role.id,
            "entityId": who.user.id,
        }
    )


def revoke_token(call: Call) -> Response:
    """Answer GET /rest/revoketoken?consumerKey=...&token=...

    Only a user's own tokens; the body is not documented.
    """
    who, query = call.identity, call.request.args
    token = find_token(who.account, query.get("token", ""))
    if token is None or query.get("consumerKey") != who.integration.consumer_key:
        return answers.restlet_error(400, "INVALID_REQUEST", "The token cannot be revoked.")
    own = who.account.user(token.user) is who.user and token.integration == who.integration.name
    if not own or not who.role.allows(USER_ACCESS_TOKENS):
        message = "You do not have permission to revoke this token."
        return answers.restlet_error(403, "INSUFFICIENT_PERMISSION", message)
    token.revoked = True
    return Response("", 200, content_type="application/json; charset=utf-8")
