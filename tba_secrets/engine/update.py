"""One update of one stack, with the provider served by this very process.

The engine attaches to it (PULUMI_DEBUG_PROVIDERS and the protocol's Attach), so that intents and values pass in memory.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Final

from tba_secrets.engine import runs
from tba_secrets.engine.checkpoints import saving
from tba_secrets.engine.events import UpdateListener, UpdateOutcome, UpdateResult
from tba_secrets.engine.pulumi import EngineError, LockedError, PulumiCli, exported_deployment
from tba_secrets.engine.runs import Life
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.provider.codec import state_of
from tba_secrets.provider.host import Host
from tba_secrets.provider.intents import Intents
from tba_secrets.provider.server import Provider, serve
from tba_secrets.records import credential_records
from tba_secrets.sensitive import Fingerprint
from tba_secrets.sources import SourceReader
from tba_secrets.spec import load_stack

_WITHOUT_QUESTIONS: Final = ("--yes", "--skip-preview")
_OF_AN_INTEGRATION: Final = "tba:index:Integration$tba:index:"
_KINDS: Final = ("StagedCredential", "SmokeTest")


@dataclass(frozen=True)
class Shared:
    """What the runs of several stacks share: it belongs to users and sources, not to a stack.

    One call of a user at a time, and none after a refused one; a password manager's command runs once.
    """

    gate: Gate = field(default_factory=lambda: Gate(time.time))
    sources: SourceReader = field(default_factory=SourceReader)


class Engine:
    """Updates one stack of a project, the folder that holds Pulumi.yaml.

    Args:
        take_over: Cancel the update that holds the lock, unless it is known to be alive.
        shared: What other stacks of the same run share with this one.
    """

    def __init__(
        self, project: Path, stack: str, *, take_over: bool = False, shared: Shared | None = None
    ) -> None:
        self.project = project
        self.stack = stack
        self.cancelled = Event()
        """Set by `cancel`."""
        self._take_over = take_over
        self._shared = shared or Shared()
        self._cli = PulumiCli(project, stack)
        self._provider = self.provider({})

    def up(self, listener: UpdateListener, intents: Intents | None = None) -> UpdateOutcome:
        """Run `pulumi up`: for all, or for the records that an intent is about. What a dead run left is taken up first.

        Intents are by `integration/token`. Return what was done, and why not all of it.

        Raises:
            LockedError: Another update holds the lock.
            EngineError: The update did not begin.
        """
        began = time.monotonic()
        listener.declared = self._declared
        try:
            done = self._update(listener, intents or {})
        except LockedError as refused:
            self._cancel_other(refused, listener)
            done = self._update(listener, intents or {})
        return listener.outcome(self.stack, done, seconds=time.monotonic() - began)

    def check_declared(self) -> None:
        """Refuse early what the engine would refuse late: a targeted update while another record waits to be deleted.

        Raises:
            EngineError: Which record state still has and the YAML no longer declares.
        """
        self._refuse_undeclared(exported_deployment(self.project, self.stack))

    def cancel(self) -> None:
        """End in order: the provider before its next write, the engine when the provider has ended.

        For a signal handler; a second time ends the engine at once.
        """
        self.cancelled.set()
        self._provider.host.cancelled.set()
        self._cli.interrupt()

    def stopping(self) -> bool:
        """Return whether the user or the engine has asked the provider to stop."""
        return self._provider.host.cancelled.is_set()

    def provider(self, intents: Intents) -> Provider:
        """Make a provider that shares the gate and the sources with the other stacks of this run."""
        made = Provider(None)
        made.host.gate, made.host.sources = self._shared.gate, self._shared.sources
        made.host.intents = intents
        return made

    @contextmanager
    def _served(
        self, intents: Intents, settings: Mapping[str, str] | None = None
    ) -> Iterator[PulumiCli]:
        """Return a CLI with a provider of its own, for one command; `settings` are variables of the engine."""
        self._provider = self.provider(intents)
        server, port = serve(self._provider)
        environment = {**(settings or {}), "PULUMI_DEBUG_PROVIDERS": f"tba:{port}"}
        self._cli = PulumiCli(self.project, self.stack, environment, self.cancelled)
        if self.cancelled.is_set():  # while the new ones were made
            self.cancel()
        try:
            yield self._cli
        finally:
            self._provider.host.cancelled.set()  # an engine that was killed will not ask for it
            server.stop(0)
            # a run of many stacks does not keep what each has seen
            self._provider = self.provider({})

    def _update(self, listener: UpdateListener, intents: Intents) -> UpdateResult:
        state = exported_deployment(self.project, self.stack)
        options: list[str] = []
        if intents:
            self._refuse_undeclared(state)
            _remember_refusals(self._shared.gate, _resources(state))
            options = ["--continue-on-error", *_targets(intents)]
        if self.cancelled.is_set():
            return UpdateResult.NOT_STARTED
        if state.get("pending_operations"):  # of a killed run: the documented way
            with self._served({}) as cli:
                cli.run("refresh", *_WITHOUT_QUESTIONS, "--clear-pending-creates")
        settings = saving(self.project, _resources(state))
        if settings and not self._shared.gate.remembers():  # then state alone keeps refused logins
            settings = {}
        try:
            with self._served(intents, settings) as cli:
                _remember_proofs(self._provider.host, _resources(state))
                cli.run("up", *_WITHOUT_QUESTIONS, "--json", *options, hear=listener.hear)
        except LockedError:
            raise
        except EngineError:
            if not listener.errors and not self.cancelled.is_set():
                raise
            return UpdateResult.FAILED
        return UpdateResult.DONE

    def _declared(self) -> tuple[str, ...]:
        """Return the records that the YAML declares, `integration/token`."""
        environment = load_stack(self.project, self.stack)
        return tuple(record.path for record in credential_records(environment))

    def _refuse_undeclared(self, state: Mapping[str, Any]) -> None:
        left = undeclared(_resources(state), self._declared())
        if left:
            verb = "is" if len(left) == 1 else "are"
            raise EngineError(
                f"{', '.join(left)} {verb} still deployed but no longer declared in stacks/{self.stack}.yaml: "
                "nothing was written",
                "run `pulumi up` first, or declare it again",
            )

    def _cancel_other(self, refused: LockedError, listener: UpdateListener) -> None:
        """Cancel the update that holds the lock, if it is known to be dead, or on request if nobody knows.

        `pulumi cancel` deletes every lock of the stack: a living run would go on without one.
        """
        life = runs.life(self.stack, refused.holders)
        if life is Life.DEAD and runs.claim(self.stack, refused.holders):
            listener.note("the run that held the stack's lock is dead: resuming its work")
        elif life is Life.UNKNOWN and self._take_over:
            listener.note("taking over the stack's lock (--take-over)")
        else:
            raise refused
        PulumiCli(self.project, self.stack).read("cancel", "--yes")


def undeclared(resources: Iterable[Mapping[str, Any]], declared: Collection[str]) -> list[str]:
    """Tell which records of environment files state has and the YAML no longer declares."""
    held = {
        str((one.get("inputs") or {}).get("record"))
        for one in resources
        if not one.get("delete") and _OF_AN_INTEGRATION in one["urn"]
    }
    return sorted(held - set(declared))


def _remember_refusals(gate: Gate, resources: Iterable[Mapping[str, Any]]) -> None:
    """Tell the gate of the refusals of all records.

    A targeted update reads its targets alone, and refusals of a user's other tokens count for these as well.
    """
    for one in resources:
        known = (one.get("outputs") or {}).get("refusals")
        if known and one["type"].endswith(":SmokeTest"):
            refusals = [Refusal(Fingerprint(it["fingerprint"]), float(it["at"])) for it in known]
            gate.remember(one["inputs"]["account"], one["inputs"]["user"]["email"], refusals)


def _remember_proofs(host: Host, resources: Iterable[Mapping[str, Any]]) -> None:
    """Give the provider each record's last proof.

    A repeated rotation must know whether the first one was finished, and the engine tells only the SmokeTest.
    """
    for one in resources:
        inputs, kind = one.get("inputs") or {}, one["type"].rpartition(":")[2]
        if kind == "SmokeTest":
            host.record(inputs["record"]).tested = state_of(inputs, one.get("outputs") or {})
        elif kind == "StagedCredential" and host.record(inputs["record"]).tested is None:
            # a first rotation that was killed before its proof
            host.record(inputs["record"]).tested = {}


def _resources(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return state.get("resources") or []


def _targets(records: Iterable[str]) -> list[str]:
    """Return the records' resources; and what holds them, for a record that is new in the stack."""
    paths = [record.split("/") for record in records]
    holders = ["**tba:index:Environment::*"]
    holders += [f"**tba:index:Integration::{name}" for name in sorted({path[0] for path in paths})]
    urns = holders + [f"**{kind}::{token}" for _, token in paths for kind in _KINDS]
    return [f"--target={urn}" for urn in urns]
