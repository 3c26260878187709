"""A world small enough to be explored: the real handlers on stores in memory, a model of the engine, and a NetSuite.

The engine is modelled by what its source does (pkg v3.259): what asks for it is read before the program runs, in a
provider process of its own; a partly failed Create keeps the new inputs, a partly failed Update the old ones with the
new outputs, and is repeated whatever Diff says; a step without a difference keeps the new inputs and the old outputs; a
killed call keeps nothing.
"""

from __future__ import annotations

import copy
import itertools
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    IdentityMismatchError,
    NetSuiteUnreachableError,
    NotProvenError,
    StoreUnavailableError,
    TbaError,
)
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.evidence import Evidence, Verification
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.lockout import MOST_REFUSALS, WINDOW_SECONDS, Refusal
from tba_secrets.netsuite.oauth2.certificate_api import Uploaded
from tba_secrets.netsuite.oauth2.certificates import CertificateId
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.netsuite.revocation import Revocation, RevocationOutcome
from tba_secrets.payload import parse
from tba_secrets.provider.certificate_proof import CertificateProof
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import PartialFailureError
from tba_secrets.provider.host import Host
from tba_secrets.provider.intents import Intent, Obtaining, Retire, Rollback, Rotation
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.read_back import ReadBack
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources import Pair, SourceReader
from tba_secrets.spec.model import MOST_ACTIVE, CertificateFormat, Format, Stores
from tba_secrets.stores.interface import SecretName, Stage, Store, VersionId
from tba_secrets.stores.journal import Retirement
from tba_secrets.stores.versions import Origin, is_placeholder, terms_of
from tests.provider.bench import unheard
from tests.stores.memory import MemoryStore

RECORD: Final = "warehouse/orders"
ACCOUNT: Final = "1234567"
PREFIX: Final = "netsuite/test/"
URN: Final = "urn:pulumi:test::netsuite::tba:index:StagedCredential::orders"
A_DAY: Final = 86400
PLAIN, RENAMED = Format(), Format(token_id="NS_TOKEN_ID")
CERTIFICATE: Final = CertificateFormat()
_SETTINGS: Final = {
    "aws": {"region": "us-east-1", "prefix": PREFIX},
    "vault": {"address": "http://127.0.0.1:8200", "mount": "secret", "prefix": PREFIX},
}


class Killed(BaseException):
    """The process is gone; nothing after this was done, and the engine saves nothing of the call."""


@dataclass(frozen=True)
class Cut:
    """Where a run is harmed: at its n-th call of a store or of NetSuite, counted from 1."""

    at: int
    how: str
    """One of `CUTS`."""


CUTS: Final = (
    "killed before",
    "killed after",
    "killed unsaved",  # after the call; nothing that the run did is in state, as if saved at its end only
    "failed before",
    "failed after",
    "cancelled",
)


class ViolationError(AssertionError):
    """A property that must always hold does not."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")
        self.property = name


def pair(name: str) -> Pair:
    """Return the pair of a name: `A` is one token, `K1` one consumer."""
    return Pair(Sensitive(f"id-{name}"), Sensitive(f"secret-{name}"))


def name_of(values: Pair) -> str:
    """Return the name that `pair` was made of."""
    return values.identifier.reveal().removeprefix("id-")


@dataclass
class Truth:
    """What really happened, kept beside the product, to hold it against."""

    proven: set[str] = field(default_factory=set)
    """The texts that have passed."""
    staged: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    """By store and version: the token in it, and whether its promotion supersedes under a policy."""
    barred: set[str] = field(default_factory=set)
    """Tokens that were superseded under a policy, or that a rollback left: only a person brings them back."""
    left: set[str] = field(default_factory=set)
    """Those of `barred` that a rollback left without a policy."""
    owed: set[tuple[str, str]] = field(default_factory=set)
    """(store, token) that a policy has superseded there: an open line must speak of it."""
    revoked: set[str] = field(default_factory=set)
    issued: set[str] = field(default_factory=set)
    closed_by_person: set[str] = field(default_factory=set)
    lost_to_others: set[str] = field(default_factory=set)
    """Tokens whose candidate label another tool took."""

    def clone(self) -> Truth:
        """Return a copy that shares nothing."""
        return Truth(**{name: copy.copy(value) for name, value in vars(self).items()})


@dataclass
class World:
    """Everything that a run finds, and what it leaves."""

    stores: dict[str, MemoryStore] = field(default_factory=dict)
    """By kind; AWS's in another region by kind and region."""
    declared: tuple[str, ...] = ("aws",)
    """The stores of the YAML, in order."""
    region: str = "us-east-1"
    secret: str = "orders"
    format: Format = PLAIN
    by: str | None = None
    """Who brings a certificate to NetSuite, `api` or `person`; None for a token."""
    description: str = "one"
    ends: dict[str, date] = field(default_factory=dict)
    """By certificate, its last day."""
    misplaced: frozenset[str] = frozenset()
    """The certificates that were uploaded for another user."""
    permitted: bool = True
    """The role may manage its own certificates."""
    others: int = 0
    """The places of the integration record that other certificates take."""
    retire_after: int | None = None
    digest_key: str | None = None
    token: str | None = "A"
    """What the token's source gives."""
    consumer: str | None = "K1"
    """What the consumer's source gives."""
    netsuite: str = "up"
    """`up`, `away` or `garbled`."""
    consumer_valid: str = "K1"
    """The consumer pair that NetSuite accepts."""
    valid: frozenset[str] = frozenset({"A", "B", "C"})
    """The tokens that NetSuite accepts."""
    now: int = 1_800_000_000
    staged: tuple[Properties, Properties] | None = None
    """(inputs, state) as the engine keeps them."""
    tested: tuple[Properties, Properties] | None = None
    truth: Truth = field(default_factory=Truth)
    issues: int = 0
    refused: list[int] = field(default_factory=list)
    """When NetSuite refused a login."""
    attempts: tuple[Refusal, ...] = ()
    """The machine's ledger."""

    def clone(self) -> World:
        """Return a copy that shares nothing."""
        return replace(
            self,
            stores={kind: _copied(store) for kind, store in self.stores.items()},
            truth=self.truth.clone(),
            refused=list(self.refused),
            ends=dict(self.ends),
        )

    def upload(self, token: str, *, misplaced: bool = False) -> None:
        """Bring a certificate to NetSuite, which then takes it; `misplaced` for another user."""
        self.valid |= {token}
        self.misplaced |= {token} if misplaced else set()
        self.truth.issued.add(token)

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.now, UTC).date()

    def accepts(self, token: str) -> bool:
        """Whether NetSuite takes a token, or a certificate that has not run out."""
        return token in self.valid and self.ends.get(token, self.today) >= self.today

    @property
    def active(self) -> int:
        """How many of the integration record's places are taken."""
        return self.others + sum(self.accepts(token) for token in self.truth.issued)

    def store(self, kind: str) -> MemoryStore:
        return self.stores.setdefault(kind, _Memory())

    def at(self, kind: str) -> str:
        """Return which of `stores` is declared under a kind."""
        return kind if kind != "aws" else _aws_in(self.region)

    @property
    def name(self) -> SecretName:
        return SecretName(PREFIX + self.secret)

    def current(self, kind: str) -> str | None:
        """Return the text that a default reader gets; None if there is none, or it is the placeholder."""
        store = self.stores.get(kind)
        snapshot = None if store is None else store.describe(self.name)
        if store is None or snapshot is None or snapshot.deletion_at is not None:
            return None
        version = snapshot.stages.get(Stage.CURRENT)
        if version is None or is_placeholder(version):
            return None
        stored = store.read(self.name, version)
        return None if stored is None else stored.value.reveal()

    def current_token(self, kind: str) -> str | None:
        text = self.current(kind)
        return None if text is None else token_in(text)


def _aws_in(region: str) -> str:
    return "aws" if region == World.region else f"aws {region}"


class _Memory(MemoryStore):
    """A store whose outside versions have names that do not change from run to run."""

    kind = "aws"


def _copied(store: MemoryStore) -> MemoryStore:
    other = type(store)()
    for name, secret in store._secrets.items():
        other._secrets[name] = replace(
            secret,
            versions=dict(secret.versions),
            stages=dict(secret.stages),
            journal=dict(secret.journal),
            about=dict(secret.about),
        )
    return other


def token_in(text: str) -> str | None:
    """Return the name of the token in a stored text; None if there is none."""
    for names in (PLAIN, RENAMED, CERTIFICATE):
        try:
            return name_of(parse(Sensitive(text), names, "").pair("token"))
        except TbaError:
            continue
    return None


class Run:
    """One `pulumi up` or `tba` command."""

    def __init__(self, world: World, intent: Intent | None = None, cut: Cut | None = None) -> None:
        self.world = world
        self.cut = cut
        self.calls = 0
        self.writes = 0
        self.asked = 0
        self.intent = intent
        self.error: TbaError | None = None
        self.moves = world.staged is not None and _place(world.staged[1]) != _place(
            self._staged_inputs()
        )
        """The record leaves its secret for another one."""
        self.host = self._new_host()

    def _new_host(self) -> Host:
        world = self.world
        host = Host(
            log=unheard,
            open_stores=self._open,
            sources=_Sources(world),
            clock=lambda: world.now,
            digest_key=world.digest_key,
        )
        host.gate = Gate(lambda: float(world.now), logins=_Logins(world))
        host.intents = {} if self.intent is None else {RECORD: self.intent}
        host.client = lambda credential, _endpoint, _record: _Client(self, credential)  # type: ignore[assignment, return-value]
        host.revoke = self._revoke
        host.maker = lambda inputs: (
            TbaCredential.of if inputs.certificate is None else self._certified
        )
        host.generate = self._generate
        return host

    def _generate(self, _inputs: Any) -> Pair:
        """Make a key in memory.

        P8: not while one waits, unless a person has asked for it by name: then a line is about the one that waits.
        """
        world = self.world
        anew = isinstance(self.intent, Rotation) and self.intent.anew
        for kind in map(world.at, world.declared):
            store = world.stores.get(kind)
            snapshot = None if store is None else store.describe(world.name)
            stages = {} if snapshot is None else snapshot.stages
            waiting = stages.get(Stage.CANDIDATE)
            terms = terms_of(waiting)
            made = terms is not None and terms.origin is Origin.GENERATED
            lines = () if snapshot is None else snapshot.journal
            given_up = anew or any(line.version == waiting for line in lines)
            if made and not given_up and waiting != stages.get(Stage.CURRENT):
                raise ViolationError("P8", f"another key is made, and one waits in {kind}")
        world.issues += 1
        world.ends[f"G{world.issues}"] = world.today + timedelta(days=365)
        return pair(f"G{world.issues}")

    def _certified(self, account: str, client: Pair, key: Pair) -> OAuth2Credential:
        """Make a credential whose key nobody reads: real ones take too long to be explored."""
        return OAuth2Credential(
            account=account,
            client_id=client.identifier,
            certificate_id=key.identifier.reveal(),
            private_key=key.secret,
            certificate="",
            algorithm="ES256",
            scopes=("rest_webservices",),
            token_endpoint="",
            valid_until=self.world.ends.get(name_of(key)),
        )

    # --- the engine -------------------------------------------------------------------------------

    def up(self) -> Run:
        """Read, then check, compare and update each resource."""
        world = self.world
        before = world.staged, world.tested
        try:
            self._up()
        except Killed:
            if self.cut is not None and self.cut.how == "killed unsaved":
                world.staged, world.tested = before
        except TbaError as error:
            self.error = error
        return self

    def _up(self) -> None:
        world = self.world
        if self.intent is not None and world.staged is not None:  # as `tba` hands it over
            self.host.record(RECORD).tested = world.tested[1] if world.tested is not None else {}
        staged, smoke = self._handlers()
        if world.tested is not None and smoke.read_first(world.tested[1]):
            world.tested = self._read(smoke, world.tested)
            if self.intent is None:
                self.host = self._new_host()  # another process; `tba` serves both
                staged, smoke = self._handlers()
        inputs = self._staged_inputs()
        world.staged = self._step(staged, "staged", inputs)
        assert world.staged is not None
        tested = self._smoke_inputs(world.staged[1])
        world.tested = self._step(smoke, "tested", tested)

    def _handlers(self) -> tuple[StagedCredentialHandler, SmokeTestHandler]:
        asks = _Asks if self.world.by is None else _CertificateAsks
        proof = type("_Proof", (asks,), {"run": self})
        return StagedCredentialHandler(self.host, proof), SmokeTestHandler(self.host, proof)

    def _read(
        self, handler: Any, kept: tuple[Properties, Properties] | None
    ) -> tuple[Properties, Properties] | None:
        if kept is None:
            return None
        found = handler.read(URN, "id", *kept)
        return None if found is None else (wired(found[0]), wired(found[1]))

    def _step(self, handler: Any, which: str, new: Properties) -> tuple[Properties, Properties]:
        old = getattr(self.world, which)
        checked = handler.check(URN, {} if old is None else old[0], new)
        if checked.failures:
            raise TbaError(f"{RECORD}: " + "; ".join(checked.failures.values()), "see above")
        inputs = wired(checked.inputs)
        if old is not None and not handler.diff(URN, old[0], old[1], inputs):
            return inputs, old[1]
        try:
            if old is None:
                return inputs, wired(handler.update(URN, {}, inputs))
            return inputs, wired(handler.update(URN, old[1], inputs))
        except PartialFailureError as error:
            kept = (inputs if old is None else old[0], wired(error.state))
            setattr(self.world, which, kept)
            raise

    def destroy(self) -> Run:
        """Delete both resources."""
        world = self.world
        try:
            if world.staged is not None:
                StagedCredentialHandler(self.host).delete(URN, world.staged[1])
            world.staged = world.tested = None
            world.truth.barred.clear()  # the next record begins anew, perhaps under another name
            world.truth.left.clear()
        except Killed:
            pass
        except TbaError as error:
            self.error = error
        return self

    def _staged_inputs(self) -> Properties:
        world = self.world
        return {
            "record": RECORD,
            "owner": "acme/netsuite/test",
            "account": ACCOUNT,
            "stores": self._stores(),
            "secret": world.secret,
            **self._kind(),
            "description": world.description,
            **({} if world.retire_after is None else {"retireAfter": world.retire_after}),
        }

    def _kind(self) -> Properties:
        """Return what differs between a token and a certificate."""
        if self.world.by is None:
            return {
                "consumer": {"env": {"key": "CONSUMER_KEY", "secret": "CONSUMER_SECRET"}},
                "token": {"env": {"id": "TOKEN_ID", "secret": "TOKEN_SECRET"}},
                "format": self.world.format.model_dump(mode="json"),
            }
        return {
            "client": "stored",
            "key": "generated",
            "certificate": {"by": self.world.by},
            "format": CERTIFICATE.model_dump(mode="json"),
        }

    def _smoke_inputs(self, staged: Properties) -> Properties:
        return {
            "record": RECORD,
            "account": ACCOUNT,
            "stores": self._stores(),
            "secret": self.world.secret,
            **{
                name: value
                for name, value in self._kind().items()
                if name in ("format", "certificate")
            },
            **({} if self.world.by is None else {"checks": ["rest"]}),
            "role": {"name": "warehouse"},
            "user": {"email": "bot@example.com"},
            "versions": staged["versions"],
            "fingerprint": staged["fingerprint"],
        }

    def _stores(self) -> Properties:
        world = self.world
        return {
            **{kind: _SETTINGS[kind] for kind in world.declared},
            "aws": {**_SETTINGS["aws"], "region": world.region},
            **({"order": list(world.declared)} if len(world.declared) > 1 else {}),
        }

    # --- what the provider reaches ----------------------------------------------------------------

    def _open(self, settings: Stores) -> Mapping[str, Store]:
        region = settings.aws.region if settings.aws is not None else ""
        places = {kind: _aws_in(region) if kind == "aws" else kind for kind in settings.listed}
        return {kind: _Watched(self, kind, place) for kind, place in places.items()}

    def call(self, what: Callable[[], Any], *, write: bool) -> Any:
        """Make one call of a store or of NetSuite, harmed where it is to be."""
        self.calls += 1
        cut = self.cut if self.cut is not None and self.cut.at == self.calls else None
        if cut is not None and cut.how == "killed before":
            raise Killed
        if cut is not None and cut.how == "failed before":
            raise StoreUnavailableError("no route to the store", "try again")
        if cut is not None and cut.how == "cancelled":
            self.host.cancelled.set()
        result = what()
        self.writes += write
        if write:
            self.check_always()
        if cut is not None and cut.how in ("killed after", "killed unsaved"):
            raise Killed
        if cut is not None and cut.how == "failed after":
            raise StoreUnavailableError("the answer was lost", "try again")
        return result

    def verify(self, credential: Credential, text: str) -> Verification:
        """Answer as NetSuite does."""
        world = self.world
        self.asked += 1
        token = name_of(credential.pair("token"))
        if world.netsuite == "away":
            raise NetSuiteUnreachableError(f"{RECORD}: NetSuite is away", "wait")
        self.log_in(credential)
        if token in world.misplaced:
            raise IdentityMismatchError(
                f"{RECORD}: its user is another one",
                "map it to the declared user",
                aspect="user",
                got="17",
                expected="38",
            )
        if world.netsuite == "garbled":
            raise NotProvenError(f"{RECORD}: nothing is proven", "look")
        world.truth.proven.add(text)
        return _passed(world.now)

    def log_in(self, credential: Credential) -> None:
        """Refuse what NetSuite does not know."""
        world = self.world
        token, consumer = name_of(credential.pair("token")), name_of(credential.pair("consumer"))
        if not world.accepts(token) or consumer != world.consumer_valid:
            self.refuse()
            raise AuthenticationRefusedError(f"{RECORD}: refused", "give another")

    def _revoke(self, client: Any) -> Revocation:
        world = self.world
        token = name_of(client.credential.pair("token"))

        def ask() -> Revocation:
            self.asked += 1
            if world.netsuite != "up":
                return Revocation(RevocationOutcome.UNKNOWN, RECORD, "no answer")
            if (
                token not in world.valid
                or name_of(client.credential.pair("consumer")) != world.consumer_valid
            ):
                self.refuse()
                return Revocation(RevocationOutcome.NOT_CONFIRMED, RECORD, "401")
            self.check_revoke(token)
            world.valid -= {token}
            world.truth.revoked.add(token)
            return Revocation(RevocationOutcome.REVOKED, RECORD, "200")

        answer: Revocation = self.call(ask, write=False)
        return answer

    def refuse(self) -> None:
        """P6: at most three refused logins of the user within 30 minutes."""
        world = self.world
        world.refused = [at for at in world.refused if world.now - at < WINDOW_SECONDS]
        world.refused.append(world.now)
        if len(world.refused) > MOST_REFUSALS:
            raise ViolationError("P6", f"{len(world.refused)} refused logins within 30 minutes")

    # --- what must hold ---------------------------------------------------------------------------

    def check_always(self) -> None:
        """P1, P4: after every write."""
        world, truth = self.world, self.world.truth
        for kind in world.stores:
            text = world.current(kind)
            if text is not None and token_in(text) is not None and text not in truth.proven:
                raise ViolationError("P1", f"{kind} gives an unproven content: {token_in(text)}")
        for kind, token in truth.owed:
            if (
                token in truth.revoked | truth.closed_by_person
                or world.current_token(kind) == token
            ):
                continue
            lines = self._open_lines(kind, token)
            if not lines or max(lines) > 1:
                raise ViolationError("P4", f"{kind}: {token} stands on {lines} open lines")

    def _open_lines(self, kind: str, token: str) -> list[int]:
        """Count the open lines about a token, in each secret that has one."""
        keys = self.host.keys(ACCOUNT, RECORD)
        counts = (
            sum(line.open and keys.same(line.digest, pair(token)) is True for line in lines)
            for secret in self.world.stores[kind]._secrets.values()
            for lines in [secret.journal.values()]
        )
        return [count for count in counts if count]

    def check_revoke(self, token: str) -> None:
        """P2: what readers have is not revoked, and something proven is current."""
        world = self.world
        for kind in map(world.at, world.declared):
            if world.current_token(kind) == token:
                raise ViolationError("P2", f"{token} is revoked, and {kind} gives it to readers")
        was_proven = any(token_in(text) == token for text in world.truth.proven)
        if was_proven and not any(
            world.current(kind) in world.truth.proven for kind in map(world.at, world.declared)
        ):
            raise ViolationError("P2", f"{token} is revoked, and nothing proven is current")

    def check_end(self) -> None:
        """P7, P9: when the run is over."""
        world = self.world
        if self.error is not None and not (
            self.error.what and (self.error.remedy or "cancelled" in self.error.what)
        ):
            raise ViolationError("P9", f"an error says no way out: {self.error.what}")
        for token in world.truth.issued - world.truth.revoked - world.truth.lost_to_others:
            if not self._known(token):
                raise ViolationError("P7", f"the issued token {token} is nowhere")

    def _known(self, token: str) -> bool:
        for store in world_secrets(self.world):
            held = {*store.stages.values(), *(line.version for line in store.journal.values())}
            if any(
                token_in(store.versions[v].reveal()) == token for v in held if v in store.versions
            ):
                return True
            lines = [
                line
                for line in store.journal.values()
                if line.state in (Retirement.INTENT, Retirement.PERSON)
            ]
            if token.startswith("G"):  # a line is about one certificate, and says which
                keys = self.host.keys(ACCOUNT, RECORD)
                lines = [line for line in lines if keys.same(line.digest, pair(token)) is not False]
            if lines:
                return True
        return False

    def promoted(self, kind: str, version: VersionId, before: str | None) -> None:
        """P3, and the bookkeeping of what is owed: called after current has moved."""
        truth = self.world.truth
        text = self.world.store(kind)._secrets[self.world.name].versions[version].reveal()
        token = token_in(text) or "?"
        terms = terms_of(version)
        rollback = terms is not None and terms.origin is Origin.ROLLBACK
        again = isinstance(self.intent, Rotation) and self.intent.again
        displaced = before is not None and before != token
        if (displaced or self.moves) and token in truth.barred and not (rollback or again):
            raise ViolationError(
                "P3", f"{token} is current again in {kind}, and nobody asked for it"
            )
        if before is not None and displaced:
            policy = terms is not None and terms.overlap_seconds is not None
            if policy:
                truth.barred.add(before)
                truth.owed.add((kind, before))
            elif rollback:
                truth.barred.add(before)
                truth.left.add(before)
            if terms is not None and terms.origin in (Origin.SOURCE, Origin.ROTATED):
                truth.barred -= truth.left - {before}
                truth.left -= truth.left - {before}
        truth.barred.discard(token)
        truth.left.discard(token)
        truth.owed.discard((kind, token))


def _place(staged: Properties) -> tuple[str, str]:
    return staged["secret"], staged["stores"]["aws"]["region"]


def world_secrets(world: World) -> Iterator[Any]:
    """Return every secret of every store."""
    return itertools.chain.from_iterable(store._secrets.values() for store in world.stores.values())


def _passed(now: int) -> Verification:
    return Verification(
        (
            Evidence(
                "tokeninfo",
                ACCOUNT,
                "warehouse",
                "3",
                "17",
                float(now),
                0.1,
                0.0,
                ("account", "role", "user"),
                (),
            ),
        )
    )


@dataclass
class _Client:
    run: Run
    credential: Credential

    def reach(self) -> None:
        """NetSuite's clock is always there."""


class _Asks(Proof):
    """Asks the world instead of NetSuite, through the real gate."""

    run: Run

    def verify(self, back: ReadBack) -> Verification:
        kind, version = next(iter(back.versions.items()))
        world = self.run.world
        text = world.store(world.at(kind))._secrets[world.name].versions[version].reveal()
        with self.turn():
            answer: Verification = self.run.call(
                lambda: self.run.verify(back.credential, text), write=False
            )
            return answer

    def client(self, credential: Credential) -> Any:
        return _Client(self.run, credential)


class _CertificateAsks(_Asks, CertificateProof):
    """Likewise, with the world's list of certificates."""

    def _api(self, current: OAuth2Credential) -> Any:
        return _Certificates(self.run, current)


@dataclass
class _Certificates:
    """NetSuite's list of certificates, asked with the current one."""

    run: Run
    current: OAuth2Credential

    def place(self, computed: CertificateId, today: date) -> Uploaded | None:
        """See `CertificateApi`."""
        answer: Uploaded | None = self.run.call(lambda: self._place(computed), write=False)
        return answer

    def _place(self, computed: CertificateId) -> Uploaded | None:
        world, new = self.run.world, computed.removeprefix("id-")
        self._log_in()
        if new in world.truth.revoked:
            raise CheckFailedError(f"{RECORD}: it was revoked", "make another")
        if new in world.valid:
            return Uploaded(computed, world.ends.get(new), computed)
        if world.active >= MOST_ACTIVE:
            raise CheckFailedError(f"{RECORD}: there is no place", "revoke one")
        return None

    def upload(self, certificate: str, computed: CertificateId, today: date) -> Uploaded:
        """See `CertificateApi`."""

        def post() -> Uploaded:
            if (there := self._place(computed)) is not None:
                return there
            world, new = self.run.world, computed.removeprefix("id-")
            world.upload(new)
            return Uploaded(computed, world.ends.get(new), computed)

        answer: Uploaded = self.run.call(post, write=False)
        return answer

    def revoke(self, certificate_id: CertificateId, record: str) -> Revocation:
        """See `CertificateApi`."""

        def post() -> Revocation:
            world, old = self.run.world, certificate_id.removeprefix("id-")
            assert name_of(self.current.pair("token")) != old
            self.run.asked += 1
            try:
                self._log_in()
            except AuthenticationRefusedError:
                raise
            except CheckFailedError:
                return Revocation(RevocationOutcome.NEEDS_PERSON, record, "403")
            except NetSuiteUnreachableError:
                return Revocation(RevocationOutcome.UNKNOWN, record, "no answer")
            if old not in world.valid | world.truth.revoked:
                return Revocation(RevocationOutcome.NEEDS_PERSON, record, "404")
            self.run.check_revoke(old)
            world.valid -= {old}
            world.truth.revoked.add(old)
            return Revocation(RevocationOutcome.REVOKED, record, "200")

        answer: Revocation = self.run.call(post, write=False)
        return answer

    def _log_in(self) -> None:
        world = self.run.world
        if world.netsuite != "up":
            raise NetSuiteUnreachableError(f"{RECORD}: NetSuite is away", "wait")
        self.run.log_in(self.current)
        if not world.permitted:
            raise CheckFailedError(f"{RECORD}: the role may not", "add the permission")


class _Logins(RefusedLogins):
    """The machine's ledger, in the world; its file and its locks have tests of their own."""

    def __init__(self, world: World) -> None:
        super().__init__(Path(os.devnull))
        self._world = world

    def of(self, account: str, user: str) -> tuple[Refusal, ...]:
        return self._world.attempts

    def add(self, account: str, user: str, refusal: Refusal) -> Refusal:
        kept = refusal.beside(self._world.attempts)
        self._world.attempts = (*self._world.attempts, kept)
        return kept

    def merge(self, account: str, user: str, refusals: Collection[Refusal]) -> None:
        self._world.attempts = tuple({*self._world.attempts, *refusals})

    def strike(self, account: str, user: str, refusal: Refusal) -> None:
        self._world.attempts = tuple(one for one in self._world.attempts if one != refusal)

    def turn(self, account: str, user: str) -> int | None:
        return os.open(os.devnull, os.O_RDONLY)


class _Sources(SourceReader):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def read(self, settings: Any) -> Pair | None:
        if settings == "generated":
            return None
        if settings == "stored":  # stands for any source of a client id
            return Pair(pair(self._world.consumer or "K1").identifier, Sensitive(""))
        token = "TOKEN_ID" in settings.model_dump_json()
        given = self._world.token if token else self._world.consumer
        return None if given is None else pair(given)


class _Watched(Store):
    """A store whose every call can be harmed, and is watched."""

    kind = "watched"

    def __init__(self, run: Run, kind: str, where: str) -> None:
        self.run = run
        self.kind = kind  # type: ignore[misc]
        self.where = where
        self.store = run.world.store(where)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Watched) and other.where == self.where

    def __hash__(self) -> int:
        return hash(self.where)

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        yield

    def restore_command(self, name: SecretName) -> str:
        return self.store.restore_command(name)

    def _preflight(self, names: Any) -> Any:
        return self.store._preflight(names)

    def _names(self, prefix: str) -> Any:
        return self.store._names(prefix)

    def _describe(self, name: SecretName) -> Any:
        return self.run.call(lambda: self.store.describe(name), write=False)

    def _read(self, name: SecretName, which: Any) -> Any:
        return self.run.call(lambda: self.store.read(name, which), write=False)

    def _claim(self, name: SecretName, mark: Any, description: Any, seen: Any) -> Any:
        return self.run.call(
            lambda: self.store.claim(name, mark, description, seen=seen), write=False
        )

    def _stage(self, name: SecretName, candidate: Any, replacing: Any, seen: Any) -> Any:
        return self.run.call(
            lambda: self.store.stage(name, candidate, replacing, seen=seen), write=True
        )

    def _restage(self, name: SecretName, version: Any, seen: Any) -> Any:
        return self.run.call(lambda: self.store.restage(name, version, seen=seen), write=True)

    def _promote(
        self, name: SecretName, version: Any, replacing: Any, about: Any, seen: Any
    ) -> None:
        def move() -> None:
            before = self.run.world.current_token(self.where)
            was = self.store.describe(name)
            self.store.promote(name, version, replacing, about, seen=seen)
            if was is not None and was.stages.get(Stage.CURRENT) != version:
                self.run.promoted(self.where, version, before)

        self.run.call(move, write=True)

    def _discard(self, name: SecretName, version: Any, seen: Any) -> None:
        self.run.call(lambda: self.store.discard(name, version, seen=seen), write=True)

    def _note(self, name: SecretName, entry: Any, seen: Any) -> None:
        self.run.call(lambda: self.store.note(name, entry, seen=seen), write=True)

    def _remove(self, name: SecretName, seen: Any) -> None:
        self.run.call(lambda: self.store.remove(name, seen=seen), write=True)

    def _restore(self, name: SecretName) -> None:
        self.run.call(lambda: self.store.restore(name), write=True)


def wired(value: Any) -> Any:
    """Return a value as it arrives on the other side of the wire: keys sorted, nulls dropped, tuples as lists.

    The real codec has tests of its own; its protobuf would take half of an exploration's time.
    """
    if isinstance(value, Mapping):
        return {key: wired(held) for key, held in sorted(value.items()) if held is not None}
    if isinstance(value, (list, tuple)):
        return [wired(held) for held in value]
    return value


def rotation(world: World, how: str, run: list[Run]) -> Rotation:
    """Return the intent of `tba rotate`: from the source, typed, issued, or with a new consumer pair."""
    if how == "issued":

        def issue(obtaining: Obtaining) -> Pair:
            obtaining.about_to_issue()
            world.issues += 1
            token = f"I{world.issues}"

            def answer() -> Pair:
                world.valid |= {token}
                world.truth.issued.add(token)
                return pair(token)

            given: Pair = run[0].call(answer, write=False)
            return given

        return Rotation(issue, origin=Origin.ISSUED, overlap_seconds=A_DAY)
    if how in ("generated", "anew"):
        return Rotation(None, origin=Origin.GENERATED, overlap_seconds=A_DAY, anew=how == "anew")
    if how == "consumer":
        new = world.consumer or "K1"
        return Rotation(lambda _obtaining: pair(new), "consumer", Origin.CONSUMER)
    name = world.token if how == "source" else how.removeprefix("typed ")
    given_pair = pair(name or "A")
    origin = Origin.ROTATED if how == "source" else Origin.TYPED
    return Rotation(lambda _obtaining: given_pair, origin=origin, overlap_seconds=A_DAY)


INTENTS: Final[Mapping[str, Callable[[World, list[Run]], Intent | None]]] = {
    "up": lambda _w, _r: None,
    "rotate source": lambda w, r: rotation(w, "source", r),
    "rotate typed B": lambda w, r: rotation(w, "typed B", r),
    "rotate issued": lambda w, r: rotation(w, "issued", r),
    "rotate generated": lambda w, r: rotation(w, "generated", r),
    "rotate anew": lambda w, r: rotation(w, "anew", r),
    "rotate consumer": lambda w, r: rotation(w, "consumer", r),
    "rollback": lambda _w, _r: Rollback(),
    "retire": lambda _w, _r: Retire(in_use=lambda _t: None),
    "retire now": lambda _w, _r: Retire(in_use=lambda _t: None, at_once=True),
}


def run(world: World, what: str, cut: Cut | None = None) -> Run:
    """Run one command on the world."""
    box: list[Run] = []
    one = Run(world, INTENTS[what](world, box), cut)
    box.append(one)
    one.up()
    one.check_end()
    return one
