"""Turn one request into one reply: caller, faults, the operation under the lock, observers."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from tba_secrets.simulator.aws import limits, sts, wire
from tba_secrets.simulator.aws.errors import (
    AwsError,
    InternalServiceError,
    UnknownOperationException,
)
from tba_secrets.simulator.aws.faults import AwsFaults, Body, FaultRule, Kind
from tba_secrets.simulator.aws.identities import AwsIdentity, Identities
from tba_secrets.simulator.aws.kms import KeyRing
from tba_secrets.simulator.aws.operations import (
    LAGGING_READS,
    OPERATIONS,
    WRITE_QUOTA,
    AwsCall,
    find,
)
from tba_secrets.simulator.aws.state import AccountState, Secret
from tba_secrets.simulator.aws.wire import Reply, Request

MAX_CALLS: Final = 100_000
Observer = Callable[[AccountState, str, str], None]


class Received(NamedTuple):
    """A call that reached the service, whatever the answer."""

    operation: str
    secret: str
    """The secret's name, however the call named it; empty for STS and for calls about several."""


class ConnectionLost(Exception):  # noqa: N818 - it is an event to play, not an error
    """The connection is reset instead of a reply."""


class SecretsManager:
    """Secrets Manager and STS of one account, without HTTP.

    Args:
        account_id: Twelve digits.
        clock: Seconds since the epoch.
        deletion_delay: Seconds for which a forced deletion lingers.
        faults: Faults to inject.
    """

    def __init__(
        self,
        account_id: str,
        clock: Callable[[], float],
        deletion_delay: float = 0.0,
        faults: AwsFaults | None = None,
    ) -> None:
        self.state = AccountState(account_id)
        """The secrets; `state.secret(name)` is an immutable snapshot."""
        self.identities = Identities(account_id)
        self.keys = KeyRing()
        self.faults = AwsFaults() if faults is None else faults
        self.observers: list[Observer] = []
        """Called under the lock after every change, with (state, action, name)."""
        self.calls: deque[Received] = deque(maxlen=MAX_CALLS)
        """The last calls received, oldest first."""
        self.crashes: list[Exception] = []
        """What hooks and observers raised, and bugs of the simulator."""
        self._clock = clock
        self._deletion_delay = deletion_delay
        self._lock = threading.RLock()

    def handle(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            ConnectionLost: A fault resets the connection.
        """
        failed = wire.query_error if request.is_query else wire.json_error
        try:
            return self._query(request) if request.is_query else self._json(request)
        except AwsError as error:
            return failed(error)
        except ConnectionLost:
            raise
        except Exception as crash:
            self.crashes.append(crash)
            return failed(InternalServiceError("The simulator, a hook or an observer raised."))

    def edit(self, name: str, region: str = "us-east-1", **changes: Any) -> Secret:
        """Change fields of a secret as no operation would, for example `owning_service="rds"`.

        Raises:
            KeyError: The secret does not exist.
        """
        with self._lock:
            secret = self.state.secret(name, region)
            if secret is None:
                raise KeyError(name)
            edited = replace(secret, **changes)
            self.state.save(edited)
            self._tell("edit")
            return edited

    def _json(self, request: Request) -> Reply:
        scope = wire.scope(request, "secretsmanager")
        operation = wire.target(request)
        token = request.headers.get("x-amz-security-token")
        identity = self.identities.lookup(scope.access_key_id, token, self._clock())
        if operation not in OPERATIONS:
            raise UnknownOperationException(f"No operation {operation or '(none)'} here.")
        params = wire.json_params(request)
        with self._lock:
            name, resource = self._named(scope.region, params)
        call = AwsCall(self.state, self.keys, identity, scope.region, params, 0.0)
        return self._play(
            Received(operation, name), lambda: self._run(operation, call, name, resource)
        )

    def _query(self, request: Request) -> Reply:
        scope = wire.scope(request, "sts")
        params = wire.query_params(request)
        token = request.headers.get("x-amz-security-token")
        identity = self.identities.lookup(scope.access_key_id, token, self._clock())
        operation = params.get("Action", "")
        return self._play(
            Received(operation, ""), lambda: self._run_sts(operation, identity, params)
        )

    def _play(self, received: Received, effect: Callable[[], Reply]) -> Reply:
        """Carry out a call with the faults that fire on it."""
        self.calls.append(received)
        rules = self.faults.take(received.operation, received.secret)
        for rule in rules:
            replaced = _before(rule)
            if replaced is not None:
                return replaced
        if received.operation in WRITE_QUOTA:
            self.faults.check_quota()
        reply = effect()
        for rule in rules:
            reply = _after(rule, reply)
        return reply

    def _run(self, operation: str, call: AwsCall, name: str, resource: str) -> Reply:
        limits.check_strings(call.params)
        for action in _actions(operation, call.params):
            call.identity.authorize(f"secretsmanager:{action}", resource)
        stale = operation in LAGGING_READS and self.faults.take_stale(name)
        with self._lock:
            now = self._clock()
            self.state.purge(now)
            self._tell("purge")
            call = replace(call, now=now, stale=stale, deletion_delay=self._deletion_delay)
            reply = wire.json_reply(OPERATIONS[operation](call))
            self._tell(operation)
        return reply

    def _run_sts(self, operation: str, identity: AwsIdentity, params: Mapping[str, str]) -> Reply:
        with self._lock:
            result = sts.answer(operation, self.identities, identity, params, self._clock())
        return wire.query_reply(operation, result)

    def _named(self, region: str, params: Mapping[str, Any]) -> tuple[str, str]:
        """Return the secret's name, and the resource that an access denial names."""
        secret_id = params.get("SecretId") or params.get("Name") or ""
        found = find(self.state, region, str(secret_id))
        if found is None:
            return str(secret_id), str(secret_id) or "*"
        return found.name, found.arn

    def _tell(self, action: str) -> None:
        """Call every observer for every changed secret, under the lock."""
        for name in self.state.take_changes():
            for observer in self.observers:
                observer(self.state, action, name)


def _actions(operation: str, params: Mapping[str, Any]) -> list[str]:
    """List the permissions a call needs: CreateSecret with tags or replicas needs more (API)."""
    actions = [operation]
    if operation == "CreateSecret" and params.get("Tags"):
        actions.append("TagResource")
    if operation == "CreateSecret" and params.get("AddReplicaRegions"):
        actions.append("ReplicateSecretToRegions")
    return actions


def _before(rule: FaultRule) -> Reply | None:
    """Apply a rule before the effect; return a reply to prevent the effect."""
    if rule.kind is Kind.LATENCY:
        time.sleep(rule.seconds)
    elif rule.kind is Kind.BEFORE and rule.do is not None:
        rule.do()
    elif rule.kind is Kind.REFUSE:
        raise ConnectionLost
    elif rule.kind is Kind.ERROR and rule.error is not None:
        raise rule.error
    elif rule.kind is Kind.REPLACE and rule.body is not None:
        return _reply(rule.body)
    return None


def _after(rule: FaultRule, reply: Reply) -> Reply:
    """Apply a rule between the effect and the reply."""
    if rule.kind is Kind.AFTER and rule.do is not None:
        rule.do()
    elif rule.kind is Kind.LOSE:
        raise ConnectionLost
    elif rule.kind is Kind.TRUNCATE:
        return replace(reply, truncated=True)
    elif rule.kind is Kind.GARBLE and rule.body is not None:
        return _reply(rule.body)
    return reply


def _reply(body: Body) -> Reply:
    return Reply(body.status, body.content_type, body.content)
