"""Faults of the store without a kill: the run itself gets over them, or says what is to be done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tba_secrets.simulator.aws import ACCESS_KEY_ID, AwsFaults
from tests.deep import rest_is_deep
from tests.faults.bench import NAME, TOKEN, UP, Bench, Story, watching

pytestmark = [pytest.mark.engine, pytest.mark.faults]

PASSING: dict[str, tuple[Story, Callable[[AwsFaults], object]]] = {
    "CreateSecret: the reply is lost": (Story.CREATE, lambda f: f.lose_reply("CreateSecret")),
    "PutSecretValue: the reply is lost": (Story.ROTATE, lambda f: f.lose_reply("PutSecretValue")),
    "PutSecretValue: throttled": (Story.ROTATE, lambda f: f.throttle("PutSecretValue", times=2)),
    "PutSecretValue: HTTP 500": (Story.ROTATE, lambda f: f.internal_error("PutSecretValue")),
    "the candidate's label: the reply is lost": (
        Story.ROTATE,
        lambda f: f.lose_reply("UpdateSecretVersionStage"),
    ),
    "promotion: the reply is lost": (
        Story.ROTATE,
        lambda f: f.lose_reply("UpdateSecretVersionStage", nth=2),
    ),
    "every look is throttled once": (Story.ROTATE, lambda f: f.throttle("DescribeSecret")),
    "the reader sees an old copy": (
        Story.ROTATE,
        lambda f: f.after("PutSecretValue", do=lambda: f.stale(NAME)),
    ),
}
"""What happens once or twice, and in which story."""
KEPT = {"promotion: the reply is lost"}
"""What `make test` runs on the engine: every call of every story is harmed in every way by tests/proof/matrix.py."""


@pytest.mark.parametrize("fault", rest_is_deep(PASSING, KEPT.__contains__))
def test_a_passing_fault_is_not_noticed(bench: Bench, fault: str) -> None:
    story, inject = PASSING[fault]
    bench.begin(story)
    inject(bench.world.aws.faults)
    with watching(bench.world):
        run = bench.world.project.pulumi(*UP)
        assert run.status == 0, run.output
    assert bench.world.aws.faults.unfired() == []
    assert len(bench.world.secret(TOKEN).versions) == bench.versions[story]
    bench.assert_settled(story)


@pytest.mark.deep
@pytest.mark.parametrize("action", ["PutSecretValue", "UpdateSecretVersionStage", "GetSecretValue"])
def test_what_is_denied_is_named(bench: Bench, action: str) -> None:
    bench.begin(Story.ROTATE)
    before = bench.world.current(TOKEN)
    identities = bench.world.aws.identities
    identities.add(ACCESS_KEY_ID, "operator", denied=[action])
    with watching(bench.world):
        try:
            run = bench.world.project.pulumi(*UP)
        finally:
            identities.add(ACCESS_KEY_ID, "operator")
        assert run.status > 0
        assert f"AWS denies secretsmanager:{action}" in run.output
        assert NAME in run.output
        assert bench.world.current(TOKEN) == before
        again = bench.world.project.pulumi(*UP)
        assert again.status == 0, again.output
    assert len(bench.world.secret(TOKEN).versions) == bench.versions[Story.ROTATE]
    bench.assert_settled(Story.ROTATE)
