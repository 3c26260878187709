"""The Pulumi side: what a program declares, and the tree that `pulumi up` shows.

`Environment` holds an `Integration` for each integration record, which holds a `StagedCredential` and a `SmokeTest` for
each token. The resource classes can be used on their own, from any program.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import pulumi

from tba_secrets.provider import LOOK_AHEAD, SMOKE_TEST, STAGED_CREDENTIAL
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec.model import Environment as EnvironmentSpec, Model

_AHEAD = 12
"""How many credentials are declared and not proven yet; more where an account takes more users at a time."""


class StagedCredential(pulumi.CustomResource):
    """A credential written to its stores as a candidate; see `tba_secrets.provider.staged_credential`.

    Outputs are properties and no annotations: Pulumi evaluates a class's annotations anew for every resource.
    """

    def __init__(
        self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare a token's credential in its stores.

        The inputs are the properties of `StagedCredentialInputs`, camelCase; `owner` is this stack where absent.
        """
        run = {"owner": _owner(), "preview": pulumi.runtime.is_dry_run() or None}
        outputs = {"versions": None, "locations": None, "fingerprint": None}
        super().__init__(STAGED_CREDENTIAL, name, {**run, **inputs, **outputs}, opts)

    @property
    def versions(self) -> pulumi.Output[Mapping[str, str]]:
        """The version that holds the credential, by store."""
        return cast("pulumi.Output[Mapping[str, str]]", pulumi.get(self, "versions"))

    @property
    def locations(self) -> pulumi.Output[Mapping[str, str]]:
        """The ARN (AWS) or path (Vault), by store."""
        return cast("pulumi.Output[Mapping[str, str]]", pulumi.get(self, "locations"))

    @property
    def fingerprint(self) -> pulumi.Output[str]:
        """The keyed digest of the stored text."""
        return cast("pulumi.Output[str]", pulumi.get(self, "fingerprint"))


class SmokeTest(pulumi.CustomResource):
    """A signed call with what the store gives back, and the promotion; see `tba_secrets.provider.smoke_test`."""

    def __init__(
        self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the test of a credential, and its promotion; `promote: False` tests what is current.

        The inputs are the properties of `SmokeTestInputs`, camelCase; `owner` is this stack where absent.
        """
        outputs = {"verified": None, "verifiedAt": None, "verifiedAs": None}
        super().__init__(SMOKE_TEST, name, {"owner": _owner(), **inputs, **outputs}, opts)

    @property
    def verified(self) -> pulumi.Output[Mapping[str, str]]:
        """The version that passed and, with `promote`, is current: by store."""
        return cast("pulumi.Output[Mapping[str, str]]", pulumi.get(self, "verified"))

    @property
    def verified_at(self) -> pulumi.Output[str]:
        """When it passed: ISO 8601, UTC."""
        return cast("pulumi.Output[str]", pulumi.get(self, "verifiedAt"))

    @property
    def verified_as(self) -> pulumi.Output[str]:
        """`role R in account A`."""
        return cast("pulumi.Output[str]", pulumi.get(self, "verifiedAs"))


class Window:
    """Holds a credential back until an earlier one has been through, so that NetSuite is asked from the beginning.

    The engine works on four resources for each processor at a time, in the order in which they were declared. If all
    were declared at once, each would be staged before the first is tested, and NetSuite's calls, which take the
    longest, would begin when the store's have ended.
    """

    def __init__(self) -> None:
        self._tests: list[pulumi.Resource] = []

    def admit(self, record: CredentialRecord) -> pulumi.Input[str]:
        """Return the record's path: at once, or when the credential some places before it has been through."""
        ahead = max(_AHEAD, 2 * (record.most_users or 0))
        if len(self._tests) < ahead:
            return record.path
        return self._after(self._tests[-ahead], record.path)

    def add(self, test: pulumi.Resource) -> None:
        """Add the test of the credential that was declared last."""
        self._tests.append(test)

    @staticmethod
    async def _after(test: pulumi.Resource, path: str) -> str:
        with suppress(Exception):  # the engine tells why that one failed; this one goes on
            await test.urn.future()
        return path


class Integration(pulumi.ComponentResource):
    """One integration record: its tokens are staged, proven and promoted independently of each other."""

    credentials: dict[str, pulumi.Output[Mapping[str, Any]]]
    """By `integration/token`: where the credential is, and what is known of it."""

    def __init__(
        self,
        name: str,
        records: tuple[CredentialRecord, ...],
        opts: pulumi.ResourceOptions | None = None,
        window: Window | None = None,
    ) -> None:
        """Declare the tokens of one integration record; the integrations of one environment share a window."""
        super().__init__("tba:index:Integration", name, None, opts)
        self._window = window or Window()
        self.credentials = {
            record.path: self._credential(record, _siblings(record, records)) for record in records
        }
        self.register_outputs({})

    def _credential(
        self, record: CredentialRecord, siblings: list[dict[str, Any]]
    ) -> pulumi.Output[Mapping[str, Any]]:
        child = pulumi.ResourceOptions(parent=self)
        inputs = {**staged_inputs(record), "record": self._window.admit(record)}
        staged = StagedCredential(record.token, inputs, child)
        test = SmokeTest(
            record.token,
            {
                **smoke_inputs(record),
                **({"siblings": siblings} if siblings else {}),
                "versions": staged.versions,
                "fingerprint": staged.fingerprint,
            },
            child,
        )
        self._window.add(test)
        return pulumi.Output.all(
            locations=staged.locations,
            versions=test.verified,
            fingerprint=staged.fingerprint,
            verified_at=test.verified_at,
        )


class Environment(pulumi.ComponentResource):
    """One environment file: one NetSuite account, one stack."""

    credentials: dict[str, pulumi.Output[Mapping[str, Any]]]
    """By `integration/token`: locations, versions, fingerprint and time of the proof, for consumers."""

    def __init__(
        self, name: str, spec: EnvironmentSpec, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare an environment: its integrations and their tokens.

        The name is the stack's, as a rule; the spec is what `tba_secrets.spec.load` or `load_stack` has read.
        """
        super().__init__("tba:index:Environment", name, None, opts)
        records = credential_records(spec)
        self._announced = asyncio.ensure_future(_announce(self, spec, records))
        self.credentials = {}
        window = Window()
        with _no_stack_traces():
            for integration in spec.integrations:
                mine = tuple(record for record in records if record.integration == integration.name)
                child = Integration(
                    integration.name, mine, pulumi.ResourceOptions(parent=self), window
                )
                self.credentials.update(child.credentials)
        self.register_outputs({})


@contextmanager
def _no_stack_traces() -> Iterator[None]:
    """Declare resources without the stack trace that the SDK sends with each, for the engine to keep in state.

    They all lead to this file. They take a third of the state, name folders of the machine, and as those differ from
    one machine to the next, each change of machines writes the state anew for every resource.
    """
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = 1  # the SDK's own frame; it sends a trace only of what it finds beyond
    try:
        yield
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before


async def _announce(
    environment: Environment, spec: EnvironmentSpec, records: tuple[CredentialRecord, ...]
) -> None:
    """Announce all secrets, so that the provider looks at them side by side: the engine compares one after another.

    Nothing depends on it, so errors surface where the look is needed.
    """
    secrets = {record.path: record.secret for record in records}
    asked = {"stores": plain(spec.store), "secrets": secrets}
    with suppress(Exception):
        of_mine = pulumi.InvokeOptions(parent=environment)
        await pulumi.runtime.invoke_async(LOOK_AHEAD, asked, of_mine)


def staged_inputs(record: CredentialRecord) -> dict[str, Any]:
    """Return a record as the inputs of a `StagedCredential`."""
    first, second = ("consumer", "token") if record.certificate is None else ("client", "key")
    overlap = record.retire_after
    return _given(
        record,
        **{first: origin(record.consumer_source), second: origin(record.token_source)},
        description=record.description,
        adopt=record.adopt or None,
        restore=record.restore or None,
        retain=record.retain or None,
        requireValues=record.require_values or None,
        retireAfter=None if overlap is None else int(overlap.total_seconds()),
    )


def smoke_inputs(record: CredentialRecord) -> dict[str, Any]:
    """Return a record as the inputs of a `SmokeTest`, without the versions to test."""
    return _given(
        record,
        role=plain(record.role),
        user=plain(record.user),
        checks=record.verify.model_dump(mode="json", exclude_none=True)["checks"],
        acceptUnproven=list(record.verify.accept_unproven) or None,
        always=record.verify.always or None,
        mostUsers=record.most_users,
        afterPromote=None if record.after_promote is None else plain(record.after_promote),
        withheld=list(record.withheld) or None,
    )


def _given(record: CredentialRecord, **more: Any) -> dict[str, Any]:
    """Return what both resources of a record are given, and more; without what is not set."""
    inputs = {
        "record": record.path,
        "owner": _owner(),
        "account": record.account,
        "endpoint": record.endpoint,
        "stores": plain(record.stores),
        "secret": record.secret,
        "format": _format(record),
        "certificate": None if record.certificate is None else plain(record.certificate),
        **more,
    }
    return {name: value for name, value in inputs.items() if value is not None}


def _format(record: CredentialRecord) -> dict[str, Any] | None:
    """Return the keys of the stored object; None if they are a token's usual ones."""
    return plain(record.format) or None


def _siblings(
    record: CredentialRecord, records: tuple[CredentialRecord, ...]
) -> list[dict[str, Any]]:
    """Return the same user's other certificates, which may upload this record's first one; none unless `by: api`."""
    if record.certificate is None or record.certificate.by != "api":
        return []
    return [
        {"secret": one.secret, **({"format": format} if (format := _format(one)) else {})}
        for one in records
        if one is not record and one.user.entity == record.user.entity
    ]


def _owner() -> str:
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"


def origin(declared: Model | str) -> dict[str, Any] | str:
    """Return a source as plain values; a word (`stored`, `prompt`, `authorize`) stays one."""
    return declared if isinstance(declared, str) else plain(declared)


def plain(model: Model) -> dict[str, Any]:
    """Return a model as plain values, without defaults; empty if all are defaults.

    Whatever is sent is kept in state, for both resources of a token, and read and written with each step of the engine.
    """
    return model.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
