"""Which secret is meant: places and their names, ids to import, drift, and what the process is asked."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from tba_secrets.errors import StoreError
from tba_secrets.lifecycle import drift
from tba_secrets.places import Place, places_in, prefix
from tba_secrets.provider.host import CancelledError, Host, LogSeverity
from tba_secrets.provider.properties import parse_id
from tba_secrets.spec.model import Stores
from tba_secrets.stores.interface import Snapshot, Stage, VersionId
from tests.pipeline.support import MARK, NAME, AwsMemory, VaultMemory, place
from tests.provider.bench import AWS, VAULT, CancelAfter, unheard

BOTH = Stores.model_validate({"aws": AWS, "vault": {**VAULT, "prefix": "elsewhere/"}})
STORES = {"aws": AwsMemory(), "vault": VaultMemory()}


# --- places ----------------------------------------------------------------------------------------------


def test_a_place_in_each_store_in_order_each_under_its_prefix() -> None:
    places = places_in(STORES, BOTH, "orders", MARK, adopt=True, restore=True, description="d")

    assert list(places) == ["aws", "vault"]
    assert places["aws"] == Place(STORES["aws"], NAME, MARK, True, True, "d")
    assert places["vault"].name == "elsewhere/orders"
    assert str(places["vault"]) == "vault secret elsewhere/orders"


def test_for_reading_nothing_is_allowed() -> None:
    read = places_in(STORES, BOTH, "orders")["aws"]

    assert not any((read.adopt, read.restore, read.mark.stack, read.mark.claim))


def test_no_store_is_refused() -> None:
    with pytest.raises(StoreError, match="no store is declared"):
        places_in({}, Stores(), "orders")


def test_the_prefix_is_the_store_s() -> None:
    assert prefix(BOTH, "aws") == "netsuite/test/"
    assert prefix(BOTH, "vault") == "elsewhere/"


# --- ids to import ---------------------------------------------------------------------------------------

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


@pytest.mark.parametrize(
    ("id", "region", "secret"),
    [
        ("aws:us-east-1:orders", "us-east-1", "orders"),
        ("aws:us-east-1:netsuite/test/a:b", "us-east-1", "netsuite/test/a:b"),
        (ARN + "netsuite/test/orders-AbC123", "us-east-1", "netsuite/test/orders"),
        (ARN + "with-dashes-AbC123", "us-east-1", "with-dashes"),
        (ARN.replace("arn:aws:", "arn:aws-us-gov:") + "o-AbC123", "us-east-1", "o"),
    ],
)
def test_an_id_names_a_secret(id: str, region: str, secret: str) -> None:
    stores, name = parse_id(id)

    assert stores.aws is not None
    assert (stores.aws.region, stores.aws.prefix, name) == (region, "", secret)


@pytest.mark.parametrize(
    "id",
    [
        "",
        "orders",
        "aws:us-east-1:",
        "aws::orders",
        ARN + "no-suffix-Ab",
        "arn:aws:s3:::bucket",
        "vault:x:y",
    ],
)
def test_an_id_of_another_shape_is_refused_with_the_right_one(id: str) -> None:
    with pytest.raises(StoreError, match="aws:REGION:NAME"):
        parse_id(id)


# --- drift -----------------------------------------------------------------------------------------------

OURS, THEIRS = VersionId("tba-ours"), VersionId("11111111-2222-3333")


def snapshot(stages: dict[Stage, VersionId], **more: Any) -> Snapshot:
    return Snapshot(location="memory:x", stages=stages, **more)


SEEN: list[tuple[Snapshot | None, str | None, tuple[Stage, ...], str | None]] = [
    # (what is there, the version of state, what it may be, what is said)
    (snapshot({Stage.CURRENT: OURS}), OURS, (Stage.CURRENT,), None),
    (snapshot({Stage.CURRENT: OURS}), OURS, (Stage.CANDIDATE, Stage.CURRENT), None),
    (
        snapshot({Stage.CURRENT: THEIRS, Stage.CANDIDATE: OURS}),
        OURS,
        (Stage.CANDIDATE, Stage.CURRENT),
        None,
    ),
    (
        snapshot({Stage.CURRENT: THEIRS, Stage.CANDIDATE: OURS}),
        OURS,
        (Stage.CURRENT,),
        ": current is 11111111-2222-33...",
    ),
    (
        snapshot({Stage.CURRENT: VersionId("short"), Stage.PREVIOUS: OURS}),
        OURS,
        (Stage.CURRENT,),
        ": current is short",
    ),
    (snapshot({}), OURS, (Stage.CURRENT,), " has no current version"),
    (snapshot({Stage.CURRENT: THEIRS}), None, (Stage.CANDIDATE,), ": current is 11111111"),
    (
        snapshot({Stage.CURRENT: THEIRS}, placeholder=THEIRS),
        OURS,
        (Stage.CURRENT,),
        " holds no credential yet",
    ),
    (None, OURS, (Stage.CURRENT,), " is gone"),
    (
        snapshot({Stage.CURRENT: OURS}, deletion_at=datetime.now(UTC)),
        OURS,
        (Stage.CURRENT,),
        " is deleted on 20",
    ),
]


@pytest.mark.parametrize(("seen", "version", "allowed", "said"), SEEN)
def test_drift_says_what_is_there_instead(
    seen: Snapshot | None, version: str | None, allowed: tuple[Stage, ...], said: str | None
) -> None:
    versions = {} if version is None else {"aws": version}

    found = drift.missing({"aws": place(AwsMemory())}, {"aws": seen}, versions, iter(allowed))

    if said is None:
        assert found == {}
    else:
        assert found["aws"].startswith(f"aws secret {NAME}{said}")


def test_each_store_is_looked_at_on_its_own() -> None:
    places = {kind: place(store) for kind, store in STORES.items()}

    found = drift.missing(
        places, {"aws": None, "vault": snapshot({Stage.CURRENT: OURS})}, {"vault": OURS}, Stage
    )

    assert set(found) == {"aws"}


# --- the host --------------------------------------------------------------------------------------------


def test_a_process_whose_parent_lives_goes_on() -> None:
    host = Host(log=unheard, started_by=os.getppid())

    assert not host.orphaned()
    host.proceed()


def test_tba_goes_on_without_the_shell_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(log=unheard)
    monkeypatch.setattr(os, "getppid", lambda: 1)

    assert not host.orphaned()
    host.proceed()


def test_an_orphan_does_not_go_on() -> None:
    host = Host(log=unheard, started_by=os.getppid() + 1)

    assert host.orphaned()
    with pytest.raises(CancelledError):
        host.proceed()


def test_a_cancelled_run_does_not_go_on() -> None:
    host = Host(log=unheard)
    host.cancelled.set()

    with pytest.raises(CancelledError, match="what was done so far is kept"):
        host.proceed()


def test_cancellation_after_so_many_writes() -> None:
    host = Host(log=unheard, cancelled=CancelAfter(1))

    host.proceed()
    with pytest.raises(CancelledError):
        host.proceed()


def test_what_is_said_and_where_it_is_shown() -> None:
    heard: list[tuple[LogSeverity, str, str, bool]] = []
    host = Host(log=lambda *said: heard.append(said))

    host.status("urn", "testing")
    host.warn("urn", "odd")

    assert heard == [
        (LogSeverity.INFO, "testing", "urn", True),
        (LogSeverity.WARNING, "odd", "urn", False),
    ]


def test_severities_are_the_engine_s() -> None:
    from pulumi.runtime.proto import engine_pb2

    theirs = dict(engine_pb2.LogSeverity.items())
    assert all(theirs[one.name] == one.value for one in LogSeverity)


def test_the_digest_key_is_not_shown() -> None:
    assert "obviously-fake" not in repr(Host(log=unheard, digest_key="obviously-fake"))
