"""The rules for a new mapping; the setup page and the certificate rotation endpoint share them.

The rules are documented (Oracle help, "Certificate Conditions" and "OAuth 2.0 Client Credentials Setup"), the words are
inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tba_secrets.simulator.vocabulary import ACTIVE_CERTIFICATES

if TYPE_CHECKING:
    from tba_secrets.simulator.models import Account, CertificateMapping


class CertificateRefused(Exception):  # noqa: N818 - an answer of NetSuite's, not a fault of the program
    """A certificate is not taken; the message is for the person who uploads it."""


def check(account: Account, new: CertificateMapping, now: float) -> None:
    """Refuse a mapping that NetSuite would not take.

    Raises:
        KeyError: It names a record that is not in the account.
        CertificateRefused: Why not.
    """
    integration = account.integration(new.integration)
    user, role = account.user(new.user), account.role(new.role)
    facts, others = new.facts, account.certificates
    if not integration.client_credentials:
        raise CertificateRefused(
            "The application does not use the client credentials grant: its box is not checked."
        )
    if not account.may_act(user, role):
        raise CertificateRefused("The entity does not have the role, or one of them is inactive.")
    if not facts.key_fits:
        raise CertificateRefused("The certificate's key has an invalid bit length.")
    if facts.expired_at(now):
        raise CertificateRefused("The certificate is expired.")
    if any(other.facts.certificate_id == facts.certificate_id for other in others):
        raise CertificateRefused("The certificate is already used.")
    beside = (other for other in others if other.integration == new.integration)
    active = [one for one in beside if not one.revoked and not one.facts.expired_at(now)]
    if len(active) >= ACTIVE_CERTIFICATES:
        raise CertificateRefused(
            f"The application already has {ACTIVE_CERTIFICATES} active certificates."
        )
