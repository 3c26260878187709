"""Facts -> plan: which credential a record is to hold, and what each store needs for that. No IO, no clock.

The rules, in the order in which they apply:

1. A candidate that a person asked for (issued, generated, typed, a rollback) is finished first, by any update.
2. Otherwise a part comes from its source if the source gives something new; a source that is absent, unchanged, or
   still gives what was superseded, changes nothing.
3. Otherwise a part comes from the candidate that waits, and then from what is current. A change of settings therefore
   stages nothing but what is there already.
4. What is current is what the store shows, unless the version before it is ours: somebody else moved current away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tba_secrets.errors import ConflictError, NotOursError, ValueNeededError
from tba_secrets.lifecycle.facts import (
    BY_PERSON,
    CONSUMER,
    PARTS,
    TOKEN,
    UNREPEATABLE,
    Asked,
    Declared,
    Discard,
    Note,
    Offered,
    Put,
    Relabel,
    Remembered,
    Rollback,
    Rotate,
    Seen,
    Sight,
    Staging,
    Step,
    Up,
    is_policy,
    origin_of,
    ours,
)
from tba_secrets.lifecycle.offers import Offer, judge
from tba_secrets.netsuite.credential import Credential
from tba_secrets.payload import render, same_content
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms, fingerprint_of, terms_of


@dataclass(frozen=True)
class _Life:
    """One record's facts, and what follows from them."""

    declared: Declared
    remembered: Remembered
    seen: Seen
    now: int

    # --- what is there ----------------------------------------------------------------------------

    def base_version(self, store: str) -> VersionId | None:
        """Return the version that the record holds in one store."""
        sight = self.seen[store]
        proven = proven_version(sight)
        if not sight.current or proven in (None, sight.current, sight.pending):
            return sight.current
        return proven if sight.credential(proven) is not None else None

    def waiting_version(self, store: str) -> VersionId | None:
        """Return the candidate that waits in one store.

        A version that was current before is no candidate, whatever label it carries, unless it was promoted last: then
        an earlier update was mending what somebody else moved.
        """
        sight = self.seen[store]
        pending = sight.pending
        if pending is None or sight.credential(pending) is None:
            return None
        if ours(pending) and not sight.was_current(pending):
            return pending
        return pending if pending == proven_version(sight) else None

    @property
    def base(self) -> Credential | None:
        """What the record holds: stores are promoted in order, so the first one that has it is ahead."""
        found = (self.seen[store].credential(self.base_version(store)) for store in self.seen)
        return next((one for one in found if one is not None), self.remembered.moved)

    @property
    def waiting(self) -> tuple[Credential | None, Terms]:
        """The candidate, and its terms; those of a plain update where there is none."""
        for store, sight in self.seen.items():
            version = self.waiting_version(store)
            credential = sight.credential(version)
            if credential is not None:
                return credential, terms_of(version) or Terms()
        return None, Terms()

    @property
    def lines(self) -> Iterator[tuple[str, JournalEntry]]:
        """Every line of every store."""
        return ((store, line) for store, sight in self.seen.items() for line in sight.lines)

    def done_before_a_kill(self, *origins: Origin) -> bool:
        """Return whether an earlier run promoted such a version, and was killed before state was saved."""
        verified = self.remembered.verified
        if verified is None:
            return False
        return any(
            sight.current is not None
            and origin_of(sight.current) in origins
            and sight.current != verified.get(store)
            for store, sight in self.seen.items()
        )

    # --- what is offered --------------------------------------------------------------------------

    def judge(self, part: str, pair: Pair) -> Offer:
        """Say what a source's value means."""
        base = self.base
        return judge(
            self.declared.keys,
            pair,
            self.remembered.source_digests.get(part),
            held=base is not None and same_pair(base.pair(part), pair),
            barred=part == TOKEN and self.superseding_line(pair) is not None,
            stored=self.remembered.stored_digests.get(part),
            foreign=self._is_foreign,
        )

    @property
    def _is_foreign(self) -> bool:
        """Whether somebody else wrote what is current, and nothing of ours is to be put back in its place."""
        held = [self.base_version(store) for store in self.seen]
        return any(held) and not any(ours(version) for version in held)

    def superseding_line(self, pair: Pair) -> JournalEntry | None:
        """Return the line that bars a token from being staged by an update."""
        lines = (*(line for _, line in self.lines), *self.remembered.left)
        return next((one for one in lines if one.superseded and self._names(one, pair)), None)

    def _names(self, line: JournalEntry, pair: Pair) -> bool:
        """Return whether a line is about a token: by its digest, or by the content of its version."""
        if (same := self.declared.keys.same(line.digest, pair)) is not None:
            return same
        credentials = (sight.credential(VersionId(line.version)) for sight in self.seen.values())
        return any(one is not None and same_pair(one.pair(TOKEN), pair) for one in credentials)

    # --- plans ------------------------------------------------------------------------------------

    def update(self, asked: Up, offered: Offered) -> Staging:
        """Plan a plain update."""
        waiting, terms = self.waiting
        finishing = terms.origin in BY_PERSON
        start = self.base if waiting is None else waiting
        pairs = {
            part: pair
            for part, pair in offered.items()
            if pair is not None and self._wins(part, pair) and not (finishing and part == TOKEN)
        }
        if start is None and asked.generates:
            if asked.pair is None and offered.get(CONSUMER) is not None:
                return Staging(None, obtain=True)
            offered = {**offered, TOKEN: asked.pair}
        if start is None:
            start = self._from_sources_alone(offered)
        credential = self._with(start, **pairs)
        return self._plan(credential, self._terms_of_update(credential, asked))

    def _wins(self, part: str, pair: Pair) -> bool:
        """Return whether a source's value takes the place of the part that is there, or of the one that waits."""
        offer, digest = self.judge(part, pair), self.remembered.source_digests.get(part)
        if offer is Offer.HELD:
            # the source went back to what is current: the candidate is not wanted any more
            return not digest or self.declared.keys.same(digest, pair) is False
        return offer is Offer.NEW

    def _from_sources_alone(self, offered: Offered) -> Credential:
        """Make the first credential, or one in the place of what is gone."""
        consumer, token = offered.get(CONSUMER), offered.get(TOKEN)
        if token is not None and self.judge(TOKEN, token) is Offer.STALE:
            token = None
        if consumer is not None and token is not None:
            return self.declared.credential(consumer, token)
        for sight in self.seen.values():
            content = sight.contents.get(sight.current) if sight.current is not None else None
            if content is not None and content.credential is None:
                raise ValueNeededError(
                    f"{sight.where}: what is stored is no credential under the declared keys",
                    "declare the keys that it uses under format:, or give every part a source with a value",
                )
        if self.remembered.exists:
            raise ValueNeededError(
                f"{self.declared.record}: the version that state names is no longer in the store, and a source gives "
                "no value for it",
                "give the sources the values of the credential that is wanted, and run `pulumi up` again",
            )
        lacking = [part for part, pair in ((CONSUMER, consumer), (TOKEN, token)) if pair is None]
        raise ValueNeededError(
            f"{self.declared.record}: nothing gives its {' and '.join(lacking)} pair yet",
            "for the token: `tba rotate STACK TOKEN --authorize` has NetSuite issue it, `--prompt` asks for it; "
            "for the consumer: declare a source that has it",
        )

    def _terms_of_update(self, credential: Credential, asked: Up) -> Terms:
        """Keep the terms of the candidate if it is still the one that is wanted."""
        (waiting, terms), base = self.waiting, self.base
        token = credential.pair(TOKEN)
        if asked.pair is not None and same_pair(asked.pair, token):
            return Terms(Origin.GENERATED, self.declared.overlap_seconds)
        if waiting is not None and same_pair(waiting.pair(TOKEN), token):
            return terms if terms.origin in UNREPEATABLE else replace(terms, nonce="")
        if base is not None and same_pair(base.pair(TOKEN), token):
            return Terms()
        return Terms(Origin.SOURCE, self.declared.overlap_seconds)

    def rotate(self, asked: Rotate, offered: Offered) -> Staging:
        """Plan a rotation: take up what an earlier run of it left, else stage the new pair."""
        (waiting, terms), base = self.waiting, self.base
        if waiting is not None and terms.origin in UNREPEATABLE and not asked.anew:
            if asked.part != CONSUMER:
                return self._plan(self._with(waiting), terms)
            if asked.pair is None:
                return Staging(None, obtain=True)
            return self._plan(self._with(waiting, consumer=asked.pair), terms)
        if asked.pair is None:
            return self._before_obtaining(asked, base)
        if asked.part == TOKEN:
            self._refuse_superseded(asked, asked.pair)
        if base is not None and same_pair(base.pair(asked.part), asked.pair):
            return self._nothing_to_rotate(asked, base)
        if base is not None:
            new = self._with(base, **{asked.part: asked.pair})
        else:
            new = self._first_by_rotation(asked, asked.pair, offered)
        return self._plan(new, Terms(asked.origin, asked.overlap_seconds, asked.nonce))

    def _before_obtaining(self, asked: Rotate, base: Credential | None) -> Staging:
        """Ask for a new pair, unless an earlier run has promoted one and was killed before state was saved."""
        if asked.origin is not Origin.ROTATED and self.done_before_a_kill(asked.origin):
            assert base is not None  # noqa: S101 - what was promoted is current
            return self._plan(self._with(base), Terms())
        return Staging(None, obtain=True)

    def _refuse_superseded(self, asked: Rotate, pair: Pair) -> None:
        line = self.superseding_line(pair)
        if line is None or (asked.again and line.state is not Retirement.REVOKED):
            return
        if line.state is Retirement.REVOKED:
            raise ConflictError(
                f"{self.declared.record}: the new token was superseded before, and is revoked at NetSuite",
                "create another token in NetSuite",
            )
        raise ConflictError(
            f"{self.declared.record}: the new token is one that was superseded before",
            "create another token in NetSuite; to go back to this one: `tba rollback`, or `tba rotate --again`",
        )

    def _nothing_to_rotate(self, asked: Rotate, base: Credential) -> Staging:
        """Refuse a pair that is current already, unless an earlier run of this rotation has promoted it."""
        if not self.done_before_a_kill(asked.origin) and self._proven_everywhere():
            raise ConflictError(
                f"{self.declared.record}: the new {asked.part} pair is the one that is in the store already",
                "create another one in NetSuite, and give that",
            )
        return self._plan(self._with(base), Terms(asked.origin, asked.overlap_seconds))

    def _proven_everywhere(self) -> bool:
        verified = self.remembered.verified
        return verified is not None and all(
            sight.current == verified.get(store) for store, sight in self.seen.items()
        )

    def _first_by_rotation(self, asked: Rotate, pair: Pair, offered: Offered) -> Credential:
        """Make the record's first credential of the new token and the consumer pair that its source gives."""
        consumer = offered.get(CONSUMER)
        if asked.part == CONSUMER or consumer is None:
            raise lacks_consumer(self.declared.record)
        return self.declared.credential(consumer, pair)

    def roll_back(self) -> Staging:
        """Plan a rollback to the last proven credential with another token."""
        (waiting, found), base = self.waiting, self.base
        terms = Terms(Origin.ROLLBACK, self.declared.overlap_seconds)
        if waiting is not None and found.origin is Origin.ROLLBACK:
            return self._plan(self._with(waiting), found)
        if base is not None and self.done_before_a_kill(Origin.ROLLBACK):
            return self._plan(self._with(base), terms)
        target = self._target_of_rollback(base)
        consumer = {} if base is None else {CONSUMER: base.pair(CONSUMER)}
        return self._plan(self._with(target, **consumer), terms)

    def _target_of_rollback(self, base: Credential | None) -> Credential:
        revoked: list[str] = []
        for where, credential in self._earlier():
            token = credential.pair(TOKEN)
            if base is not None and same_pair(base.pair(TOKEN), token):
                continue
            states = [line.state for _, line in self.lines if self._names(line, token)]
            if Retirement.REVOKED not in states:
                return credential
            revoked.append(where)
        if revoked:
            raise NotOursError(
                f"{revoked[0]}: the previous token is revoked at NetSuite",
                "rotate to a new token instead",
            )
        where = next(iter(self.seen.values())).where
        raise NotOursError(
            f"{where} has no previous credential", "there is nothing to roll back to"
        )

    def _earlier(self) -> Iterator[tuple[str, Credential]]:
        """Return what was proven before, latest first: by label, then by line."""
        for sight in self.seen.values():
            if (credential := sight.credential(sight.previous)) is not None:
                yield sight.where, credential
        for store, line in sorted(self.lines, key=lambda found: -found[1].superseded_at):
            sight = self.seen[store]
            if (credential := sight.credential(VersionId(line.version))) is not None:
                yield sight.where, credential

    # --- steps ------------------------------------------------------------------------------------

    def _with(self, start: Credential, **pairs: Pair) -> Credential:
        """Return a credential as it is declared now, with other parts where they are given."""
        consumer, token = (pairs.get(part) or start.pair(part) for part in PARTS)
        return self.declared.credential(consumer, token)

    def _plan(self, credential: Credential, terms: Terms) -> Staging:
        text = render(credential, self.declared.format)
        steps: list[Step] = []
        versions: dict[str, VersionId] = {}
        for store in self.seen:
            held, more = self._in_store(store, credential, text, terms)
            steps += more
            if held is not None:
                versions[store] = held
        return Staging(credential, (*steps, *self._intents(terms)), versions)

    def _in_store(
        self, store: str, credential: Credential, text: Sensitive, terms: Terms
    ) -> tuple[VersionId | None, list[Step]]:
        """Say what one store needs; the version is None if one has to be written."""
        sight = self.seen[store]
        pending = sight.pending
        if sight.current is not None and self._holds(sight, sight.current, text):
            return sight.current, self._let_go(store, credential)
        if (
            pending is not None
            and pending == self.waiting_version(store)
            and self._holds(sight, pending, text)
            and _alike(terms_of(pending), terms)
        ):
            return pending, []
        proven = proven_version(sight)
        if proven is not None and proven in sight.contents and self._holds(sight, proven, text):
            return proven, [] if pending == proven else [Relabel(store, proven)]
        put = Put(store, credential, terms, sight.version_at(Stage.CURRENT))
        return None, [*self._line_before_letting_go(store, credential), put]

    def _let_go(self, store: str, credential: Credential) -> list[Step]:
        """Take the label off a candidate that is not wanted any more."""
        pending = self.seen[store].pending
        if pending is None:
            return []
        return [*self._line_before_letting_go(store, credential), Discard(store, pending)]

    def _line_before_letting_go(self, store: str, credential: Credential) -> list[Step]:
        """Write a line for a token that no source can give again, before its label is taken off."""
        version = self.waiting_version(store)
        waiting = self.seen[store].credential(version)
        if version is None or waiting is None:
            return []
        if origin_of(version) not in (UNREPEATABLE | {Origin.TYPED}) or same_pair(
            waiting.pair(TOKEN), credential.pair(TOKEN)
        ):
            return []
        return [Note(store, orphan(self.declared, version, waiting, self.now))]

    def _holds(self, sight: Sight, version: VersionId, text: Sensitive) -> bool:
        """Return whether a version is this very text: by the fingerprint in its id, or by its content."""
        content = sight.contents.get(version)
        if content is not None:
            return same_content(content.text, text)
        return self.declared.keys.same_text(fingerprint_of(version), text) is True

    def _intents(self, terms: Terms) -> Iterator[Step]:
        """Close the lines of intent whose token is in the store, or about to be; leave the others to a person."""
        nonces = {terms.nonce} if terms.nonce else set()
        for sight in self.seen.values():
            staged = sight.snapshot.stages.values() if sight.snapshot else ()
            known = (*staged, *(line.version for line in sight.lines))
            nonces |= {carried.nonce for version in known if (carried := terms_of(version))}
        for store, line in self.lines:
            if line.state is Retirement.INTENT:
                state = Retirement.RESTORED if line.digest in nonces else Retirement.PERSON
                yield Note(store, replace(line, state=state))


def decide(
    declared: Declared, remembered: Remembered, seen: Seen, offered: Offered, asked: Asked, now: int
) -> Staging:
    """Decide which credential a record is to hold, and what each store needs for that.

    What is `seen` has the contents that `versions_to_read` names. `offered` is empty if the sources are not to be
    asked. `now` is in epoch seconds, for lines.

    Raises:
        ValueNeededError: Nothing gives a part.
        ConflictError: A rotation's new pair is there already, or was superseded before.
        NotOursError: There is nothing to roll back to.
    """
    life = _Life(declared, remembered, seen, now)
    match asked:
        case Up():
            return life.update(asked, offered)
        case Rotate():
            return life.rotate(asked, offered)
        case Rollback():
            return life.roll_back()


def versions_to_read(
    declared: Declared, remembered: Remembered, seen: Seen, offered: Offered, asked: Asked
) -> dict[str, list[VersionId]]:
    """Name the versions whose contents the decision needs, by store; a value is not read without need."""
    whole = isinstance(asked, Up) and _all_new(declared, remembered, seen, offered)
    needed: dict[str, list[VersionId]] = {}
    for store, sight in seen.items():
        wanted = [] if whole else [sight.current]
        wanted.append(sight.pending)
        if (proven := proven_version(sight)) != sight.current:
            wanted.append(proven)
        if isinstance(asked, Rollback):
            wanted += [sight.previous, *_versions(sight, _may_return)]
        wanted += _versions(sight, lambda line: not _comparable(declared, line.digest))
        needed[store] = [one for one in dict.fromkeys(wanted) if one]
    return needed


def proven_version(sight: Sight) -> VersionId | None:
    """Return the version that we promoted last, though somebody else may have moved current away from it since.

    A promotion of ours leaves a line for what it supersedes. So a version of ours that is current, or was before the
    current one, and that no line names, is the last. If others wrote more than once, what they wrote is believed.
    """
    superseded = {line.version for line in sight.lines if line.state is not Retirement.RESTORED}
    for version in (sight.current, sight.previous):
        if ours(version) and version not in superseded:
            return version
    return None


def lacks_consumer(record: str) -> ValueNeededError:
    """Say that a rotation cannot make a record's first credential of the new token alone."""
    return ValueNeededError(
        f"{record}: there is no credential yet, and its consumer's source has no value",
        "give the consumer's source its value, and run `tba rotate` for the token",
    )


def orphan(
    declared: Declared, version: VersionId, credential: Credential, now: int
) -> JournalEntry:
    """Make the line for a token that a person has to look up and revoke."""
    digest = declared.keys.writing.pair(credential.pair(TOKEN))
    return JournalEntry(version, digest, now, now, Retirement.PERSON)


def same_pair(one: Pair, other: Pair) -> bool:
    """Return whether two pairs are the same values."""
    return one.identifier == other.identifier and one.secret == other.secret


def _all_new(declared: Declared, remembered: Remembered, seen: Seen, offered: Offered) -> bool:
    """Return whether the sources give every part anew, so that nothing is copied from a store."""
    consumer, token = offered.get(CONSUMER), offered.get(TOKEN)
    if consumer is None or token is None or any(sight.pending for sight in seen.values()):
        return False
    text = render(declared.credential(consumer, token), declared.format)
    held = [
        declared.keys.same_text(fingerprint_of(sight.current), text) if sight.current else False
        for sight in seen.values()
    ]
    if None in held or all(held):
        return False
    barring = [line for sight in seen.values() for line in sight.lines if line.superseded]
    if any(
        declared.keys.same(line.digest, token) is not False for line in (*barring, *remembered.left)
    ):
        return False
    return all(
        judge(declared.keys, pair, remembered.source_digests.get(part)) is Offer.NEW
        for part, pair in ((CONSUMER, consumer), (TOKEN, token))
    )


def _alike(found: Terms | None, wanted: Terms) -> bool:
    """Return whether a candidate was staged under the terms that are wanted now; the nonce is derived."""
    return found is not None and replace(found, nonce="") == replace(wanted, nonce="")


def _comparable(declared: Declared, digest: str) -> bool:
    keys = declared.keys
    return digest.partition(":")[0] in {key.id for key in (keys.writing, *keys.others)}


def _may_return(line: JournalEntry) -> bool:
    return is_policy(line) or line.state in (Retirement.INFORM, Retirement.LEFT)


def _versions(sight: Sight, chosen: Callable[[JournalEntry], bool]) -> list[VersionId]:
    return [VersionId(line.version) for line in sight.lines if line.has_version and chosen(line)]
