"""Verdict -> plan: what becomes of a candidate that NetSuite accepted or refused, and of what it supersedes. No IO.

A 401 does not prove the value wrong: clock, lockout, feature and permission give the same answer. So a value that
cannot be obtained again is kept, or a line for a person stands before its label is taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tba_secrets.digest import DigestKeys
from tba_secrets.lifecycle.decide import orphan, same_pair
from tba_secrets.lifecycle.facts import (
    OF_ROTATION,
    TOKEN,
    UNREPEATABLE,
    Declared,
    Discard,
    Note,
    Promote,
    Remembered,
    Seen,
    Settling,
    Sight,
    Step,
    origin_of,
    ours,
)
from tba_secrets.netsuite.causes import TOKENS_PAGE
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms, terms_of

_KEPT: Final = "and the candidate is kept, since no source can give it again"
_ORPHAN: Final = (
    "the candidate was discarded, and is in the journal: no source can give it again, so a person has to look {it} up "
    "in NetSuite ({page}), and revoke it"
)


@dataclass(frozen=True)
class Proven:
    """What has passed."""

    credential: Credential
    versions: Mapping[str, VersionId]
    """The version that holds it, by store."""
    predecessor_since: int = 0
    """When the credential that passed before was first proven: epoch seconds; 0 if that is not known."""


def promotion(
    declared: Declared, remembered: Remembered, seen: Seen, proven: Proven, now: int
) -> dict[str, list[Step]]:
    """Plan the promotion in each store, in order: the line for what is superseded first, then the move.

    What is current was read, unless it is what has passed.
    """
    token = proven.credential.pair(TOKEN)
    steps: dict[str, list[Step]] = {}
    for store, sight in seen.items():
        version = proven.versions[store]
        mine: list[Step] = []
        line = None
        if sight.current != version:
            line = _line(declared, remembered, store, sight, proven, now)
            mine += [Note(store, line)] if line is not None else []
            mine.append(Promote(store, version, sight.version_at(Stage.CURRENT)))
        elif ours(version) and (remembered.verified or {}).get(store) != version:
            # a run was killed before state was saved: what its promotion has left to do is done now
            mine.append(Promote(store, version, version))
        mine += (Note(store, entry) for entry in _closing(declared, sight, token, version, line))
        steps[store] = mine
    return steps


def first_proven(
    keys: DigestKeys, token: Pair, before: tuple[str, int], lines: Iterable[JournalEntry], now: int
) -> int:
    """Return when a token that has passed was first proven: its age is that of its content, wherever it moves.

    `before` is the digest of the token that passed last, and since when; `now` is for one that nothing
    knows. All times are epoch seconds.
    """
    digest, since = before
    if since and keys.same(digest, token):
        return since
    return next((one.proven for one in lines if one.proven and keys.same(one.digest, token)), now)


def superseded_version(remembered: Remembered, store: str, sight: Sight) -> VersionId | None:
    """Return the version whose token a promotion supersedes.

    That is what is current, unless somebody else has put theirs in the place of what passed last: then it is ours,
    which would be forgotten without a line.
    """
    current = sight.current
    proven = VersionId((remembered.verified or {}).get(store, ""))
    if current is None or ours(current) or current == proven:
        return current
    if proven:
        return proven
    return sight.previous if ours(sight.previous) else current


def _line(
    declared: Declared, remembered: Remembered, store: str, sight: Sight, proven: Proven, now: int
) -> JournalEntry | None:
    """Make the line for what is superseded, if its token is another one and no line is to revoke it yet."""
    superseded, version = superseded_version(remembered, store, sight), proven.versions[store]
    old = sight.credential(superseded)
    if superseded is None or old is None:
        return None
    if same_pair(old.pair(TOKEN), proven.credential.pair(TOKEN)):
        return None
    terms = terms_of(version) or Terms()
    was_proven = ours(superseded) or superseded == (remembered.verified or {}).get(store)
    if not was_proven and terms.origin not in OF_ROTATION:
        return None
    digest = declared.keys.writing.pair(old.pair(TOKEN))
    if any(declared.keys.same(line.digest, old.pair(TOKEN)) and line.open for line in sight.lines):
        return None
    if terms.overlap_seconds is not None:
        state, due = Retirement.OVERLAP, now + terms.overlap_seconds
    elif terms.origin is Origin.ROLLBACK:
        state, due = Retirement.LEFT, now
    else:
        state, due = Retirement.INFORM, now
    return JournalEntry(superseded, digest, now, due, state, proven.predecessor_since)


def _closing(
    declared: Declared, sight: Sight, token: Pair, version: VersionId, written: JournalEntry | None
) -> Iterator[JournalEntry]:
    """Close the lines about what is current now; what a rollback left may return once its source gave another value."""
    origin = (terms_of(version) or Terms()).origin
    held = sight.credential(sight.current)
    another = held is not None and not same_pair(held.pair(TOKEN), token)
    given = another and origin in (Origin.SOURCE, Origin.ROTATED)
    for line in sight.lines:
        if written is not None and line.version == written.version:
            continue  # the line that this very promotion has written in its place
        about_it = line.version == version or declared.keys.same(line.digest, token) is True
        if about_it and line.state not in (Retirement.RESTORED, Retirement.INTENT):
            yield replace(line, state=Retirement.RESTORED)
        elif line.state is Retirement.LEFT and given:
            yield replace(line, state=Retirement.INFORM)


@dataclass(frozen=True)
class Refused:
    """What has not passed, and what its run knows of it."""

    credential: Credential
    versions: Mapping[str, VersionId]
    """The version that holds it, by store."""
    source_token: Pair | None = None
    """What the token's source gives now."""
    source_known: bool = False
    """The token has a source that was asked."""
    rotating: bool = False
    """The run is a rotation."""
    brought: bool = False
    """This very run obtained it."""
    decisive: bool = False
    """NetSuite accepted it as somebody else's, so no later test can pass."""
    keep: bool = False
    """The program asks to keep every candidate."""


def refusal(declared: Declared, seen: Seen, refused: Refused, now: int) -> Settling:
    """Decide what becomes of a refused candidate; what is current was read."""
    token, rotating, versions = refused.credential.pair(TOKEN), refused.rotating, refused.versions
    places = [store for store, sight in seen.items() if sight.current != versions[store]]
    origins = {origin_of(versions[store]) for store in places}
    unrepeatable = bool(origins & UNREPEATABLE)
    # a rotation that took up what an earlier one had left gives up; a certificate may be uploaded at any time
    given_up = rotating and not refused.brought and Origin.GENERATED not in origins
    may_pass_later = not (refused.decisive or given_up)
    if refused.keep or (unrepeatable and may_pass_later):
        return Settling((), _KEPT)
    discards = tuple(Discard(store, versions[store]) for store in places)
    given = refused.source_token
    again = given is not None and same_pair(given, token)
    held = [sight.credential(sight.current) for sight in seen.values()]
    current = any(one is not None and same_pair(one.pair(TOKEN), token) for one in held)
    kept_elsewhere = Origin.ROLLBACK in origins  # its line, or the previous version, has it
    given_by_hand = not unrepeatable and (refused.brought or not refused.source_known)
    if again or current or kept_elsewhere or given_by_hand:
        return Settling(discards, "and the candidate was discarded")
    if not rotating and not unrepeatable and Origin.TYPED not in origins:
        return Settling((), _KEPT)
    notes = tuple(
        Note(store, orphan(declared, versions[store], refused.credential, now)) for store in places
    )
    return Settling((*notes, *discards), f"and {_orphan_words(refused.credential)}")


def _orphan_words(credential: Credential) -> str:
    if isinstance(credential, OAuth2Credential):
        return _ORPHAN.format(it=f"the certificate {credential.certificate_id}", page=M2M_PAGE)
    return _ORPHAN.format(it="its token", page=TOKENS_PAGE)
