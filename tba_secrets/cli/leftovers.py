"""Secrets that a stack has left behind, with superseded tokens that can still sign.

A token that is taken out of the YAML, or a `pulumi destroy`, leaves such a secret in the store with its owner mark and
its journal: deleting it would forget what is still to be revoked. No resource manages it any more, so `tba retire`
finds it by its mark, revokes what is due, and deletes it with its last line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tba_secrets.cli import credentials
from tba_secrets.cli.options import project_name
from tba_secrets.cli.status_state import TokenState
from tba_secrets.digest import DigestKey, DigestKeys
from tba_secrets.errors import AccessDeniedError
from tba_secrets.lifecycle.facts import CONSUMER, TOKEN, Declared
from tba_secrets.lifecycle.look import Looked, look
from tba_secrets.lifecycle.retire import RetireRun
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.netsuite.revocation import Revocation, revoke
from tba_secrets.places import Place, prefix
from tba_secrets.records import CredentialRecord
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import CertificateFormat, Format, Stores
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import SecretName, Snapshot, Stage


@dataclass(frozen=True)
class Leftover:
    """One secret of this stack that none of its resources manages any more."""

    record: str
    """`integration/token`, as it was."""
    place: Place
    snapshot: Snapshot


def find(
    project: Path,
    stack: str,
    records: tuple[CredentialRecord, ...],
    deployed: Mapping[str, TokenState],
    tell: Callable[[str], None],
) -> list[Leftover]:
    """Find what a stack has left behind, by the owner mark; `tell` is told which store could not be listed.

    The state has the stack's whole name as it stands on the secrets. If the state is empty, only project and stack are
    compared, because the organization is not known. The records are all that the stack declares.
    """
    owners = {one.staged["owner"] for one in deployed.values() if "owner" in one.staged}
    ending = f"/{project_name(project)}/{stack}"

    def is_ours(owner: str) -> bool:
        return owner in owners if owners else owner.endswith(ending)

    stores = {record.stores.model_dump_json(): record.stores for record in records}
    found = (left for one in stores.values() for left in _in_stores(one, is_ours, tell))
    return [left for left in found if left.record not in deployed]


def _in_stores(
    stores: Stores, is_ours: Callable[[str], bool], tell: Callable[[str], None]
) -> Iterator[Leftover]:
    for kind, store in open_stores(stores).items():
        start = prefix(stores, kind)
        try:
            names = store.names(start)
        except AccessDeniedError as error:
            tell(f"cannot look for secrets that were removed from the YAML: {error.what}")
            continue
        for name, snapshot in store.describe_many(names).items():
            if snapshot is None or snapshot.owner is None or snapshot.deletion_at is not None:
                continue
            if is_ours(snapshot.owner.stack) and any(one.open for one in snapshot.journal):
                place = Place(store, SecretName(name), snapshot.owner)
                yield Leftover(snapshot.owner.record, place, snapshot)


def retire(
    leftover: Leftover, records: tuple[CredentialRecord, ...], *, at_once: bool, by_hand: bool
) -> Iterator[str]:
    """Revoke what is due of one left secret, and delete the secret with its last open line; in words.

    The records are all that the stack declares: they say whose account it is, and which formats it uses.
    `at_once` revokes what is still in its overlap, too; `by_hand`: a person has revoked in NetSuite what was left for
    one.
    """
    place, name = leftover.place, leftover.record
    places, looked = {place.store.kind: place}, Looked()
    formats = (*(record.format for record in records), Format(), CertificateFormat())
    current = leftover.snapshot.stages.get(Stage.CURRENT)
    needed = {place.store.kind: [current] if current is not None else []}
    held = look(looked, places, formats, needed)[place.store.kind].credential(current)
    if held is None:
        yield f"{place}: what is current there is no credential, so nothing can sign: a person has to revoke"
        return
    keys = DigestKeys.of(None, None, records[0].account, name)
    run = RetireRun(
        Declared(name, held.account, Format(), keys),
        places,
        looked,
        formats,
        lambda old, current: _revoke(name, records[0].endpoint, old, current, keys.writing),
        users(records),
        lambda: None,
    )
    yield from run.run(held, int(time.time()), at_once=at_once, by_hand=by_hand)
    snapshot = looked.snapshot(place)
    if snapshot is not None and not any(line.open for line in snapshot.journal):
        place.store.remove(place.name, seen=snapshot)
        yield f"{place}: deleted, recoverably: its last superseded token is settled"


def _revoke(
    record: str, endpoint: str | None, old: Credential, current: Credential, key: DigestKey
) -> Revocation:
    """Revoke a token or a certificate in the turn of its record: nothing tells any more who its user was."""
    mark = key.text(old.pair(TOKEN).identifier)
    with Gate(time.time).admit(old.account, record, record, mark) as turn:
        if isinstance(old, OAuth2Credential) and isinstance(current, OAuth2Credential):
            done: Revocation = _revoke_certificate(record, endpoint, old, current)
        else:
            token = TbaCredential.of(old.account, current.pair(CONSUMER), old.pair(TOKEN))
            done = revoke(Client(token, endpoint, record=record))
        done.tell(turn)
    return done


def _revoke_certificate(
    record: str, endpoint: str | None, old: OAuth2Credential, current: OAuth2Credential
) -> Revocation:
    from tba_secrets.netsuite.oauth2.certificate_api import CertificateApi
    from tba_secrets.netsuite.oauth2.certificates import CertificateId
    from tba_secrets.netsuite.oauth2.client import BearerClient

    nobody = Expected(old.account, None, None, record, None)
    api = CertificateApi(BearerClient(current, endpoint, record=record), nobody)
    return api.revoke(CertificateId(old.certificate_id), record)


def users(records: tuple[CredentialRecord, ...]) -> Callable[[Sensitive], str | None]:
    """Return who uses a token id now, by what readers get at this moment."""

    def user(token_id: Sensitive) -> str | None:
        return next((r.path for r in records if credentials.current_token_id(r) == token_id), None)

    return user
