"""The pipelines of `tba init --ci` on the real engine, from a review to the night; and red, where they have to be."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tba_secrets.rotation import Standing
from tests.ci.github import GitHub
from tests.ci.shop import Cause, Event, Forge, JobRun, Shop
from tests.deep import rest_is_deep
from tests.leaks.scanner import Artefact, Canary, Scanner, files, text

pytestmark = pytest.mark.engine


def reviewed(shop: Shop, forge: Forge, certificate: str = "") -> dict[str, JobRun]:
    """The environment is added on a branch, and its pipeline has run."""
    shop.branch("add-sandbox")
    shop.write(certificate=certificate)
    return forge.run(Event(Cause.REVIEW, shop.commit("Add the sandbox")))


def merged(shop: Shop, forge: Forge) -> JobRun:
    """The branch is merged, and its pipeline has run."""
    jobs = forge.run(Event(Cause.MERGE, shop.merge("add-sandbox")))
    assert list(jobs) == ["install", "deploy"]
    return jobs["deploy"]


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file under a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_green(jobs: dict[str, JobRun], *names: str) -> None:
    """Exactly these jobs ran after the installation, and each passed without a warning."""
    assert list(jobs) == ["install", *names]
    for name, job in jobs.items():
        assert (job.status, job.warned) == (0, False), f"{name}\n{job.output}"


def assert_no_leak(shop: Shop, runs: list[JobRun], *artefacts: Path) -> None:
    """None of the forge's values is in a log, a clone, state, or what can be downloaded."""
    canaries = [Canary(name, value) for name, value in shop.values.items()]
    scanner = Scanner(canaries)
    seen = [text("log", run.output + run.shown) for run in runs]
    seen += [one for run in runs for one in files(run.folder) if ".git/" not in one.name]
    seen += [*files(shop.state), *(one for folder in artefacts for one in files(folder))]
    assert scanner.find(seen) == []
    assert scanner.find([Artefact("a leak", canaries[0].value.encode())])


@pytest.mark.parametrize(
    "forge", rest_is_deep(["github", "gitlab"], "gitlab".__eq__), indirect=True
)
def test_from_the_review_to_the_night(shop: Shop, forge: Forge) -> None:
    before = contents(shop.state)
    review = reviewed(shop, forge)
    assert_green(review, "check", "plan")
    assert "no problem found" in review["check"].output
    for shown in ("StagedCredential", "SmokeTest", "warehouse-bot"):
        assert shown in review["plan"].shown
    plan = json.loads((review["plan"].folder / "plan.json").read_text())
    assert any(urn.endswith("SmokeTest::warehouse-bot") for urn in plan["resourcePlans"])
    assert shop.current() is None
    assert contents(shop.state) == before

    deployed = merged(shop, forge)
    assert deployed.status == 0, deployed.output
    assert "verified as role Warehouse Integration in account 1234567_SB1, promoted" in (
        deployed.output
    )
    current = json.loads(shop.current() or "")
    assert current["token_id"] == shop.values["WAREHOUSE_TOKEN_ID"]

    night = forge.run(Event(Cause.NIGHT, shop.git("rev-parse", "main")))
    assert_green(night, "rotate", "status")
    assert "sandbox: nothing is due" in night["rotate"].output
    assert "1 token: 1 well" in night["status"].output
    assert "TBA_WEBHOOK is not set: nobody is notified" in night["status"].output
    assert_no_leak(shop, [*review.values(), deployed, *night.values()], shop.runners / "artefacts")

    time.sleep(1)
    shop.write(policy="rotate_every: 1s")
    overdue = forge.run(Event(Cause.NIGHT, shop.commit("A stricter policy")))
    assert (overdue["rotate"].status, overdue["rotate"].warned) == (0, True)
    assert "warehouse-sync/warehouse-bot: due" in overdue["rotate"].output
    assert "--authorize" in overdue["rotate"].output
    assert overdue["status"].status == 11, overdue["status"].output


@pytest.mark.deep
def test_what_a_person_has_to_mend_is_red_and_then_the_night_rotates(
    shop: Shop, github: GitHub
) -> None:
    """A token is refused, and a certificate is not uploaded; mended, the certificate's successor needs nobody."""
    shop.person.netsuite.state.revoke_token("1234567_SB1", "warehouse-bot 1")
    shop.allow_certificates()
    review = reviewed(shop, github, certificate="valid_for: 120d")
    assert_green(review, "check", "plan")

    red = merged(shop, github)

    assert red.status == 1
    assert "warehouse-sync/warehouse-bot: not promoted; nothing is current yet" in red.output
    assert "the token id is wrong, inactive, revoked" in red.output
    assert "Setup > Users/Roles > Access Tokens" in red.output
    assert "waits for its upload" in red.output
    assert "`tba certificate sandbox warehouse-cert` prints it" in red.output
    assert "Not all is deployed. Do what the errors above say" in red.output.splitlines()[-2]
    assert "no credential has passed its checks yet" in (shop.current() or "")
    assert_no_leak(shop, [*review.values(), red], shop.runners / "artefacts")

    shop.person.give(shop.person.second)
    shop.give()
    shop.upload()
    main = shop.git("rev-parse", "main")
    assert_green(github.run(Event(Cause.BY_HAND, main)), "plan")
    again = github.run(Event(Cause.MERGE, main))

    assert_green(again, "deploy")
    assert json.loads(shop.current() or "")["token_id"] == shop.person.second.identifier
    first = json.loads(shop.current("warehouse-cert") or "")
    assert shop.certificates() == [first["certificate_id"]]

    shop.write(certificate="valid_for: 400d, rotate_every: 350d, warn_before: 200d")
    night = github.run(Event(Cause.NIGHT, shop.commit("The certificate is due")))

    assert_green(night, "rotate", "status")
    second = json.loads(shop.current("warehouse-cert") or "")
    assert second["certificate_id"] != first["certificate_id"]
    assert shop.certificates() == [first["certificate_id"], second["certificate_id"]]
    ((superseded, state),) = shop.superseded("warehouse-cert")
    assert (json.loads(superseded), state) == (first, "overlap")
    assert_no_leak(shop, list(night.values()), shop.runners / "artefacts")

    shop.person.netsuite.state.revoke_certificate("1234567_SB1", second["certificate_id"])
    shop.write(certificate="valid_for: 730d, rotate_every: 700d, warn_before: 600d")
    helpless = github.run(Event(Cause.NIGHT, shop.commit("It is due again")))

    assert (helpless["rotate"].status, helpless["rotate"].warned) == (0, True)
    for told in (
        "could not bring it to NetSuite",
        "`tba certificate sandbox warehouse-cert` prints it; upload it for integration.bot@example.com",
    ):
        assert told in helpless["rotate"].output
    assert helpless["status"].status == Standing.ATTENTION, helpless["status"].output
    assert json.loads(shop.current("warehouse-cert") or "") == second


def test_a_plan_that_fits_no_more_is_refused_until_there_is_another(
    shop: Shop, github: GitHub
) -> None:
    review = reviewed(shop, github)
    shop.write(secret="another-name")
    shop.commit("Edited after the review")

    unseen = merged(shop, github)

    assert unseen.status == 1
    assert "No plan was made of these files" in unseen.output.splitlines()[-1]

    # The reviewed plan under the name of the edited files' plan: the engine itself holds the program to it.
    name = f"plan-sandbox-{shop.git('rev-parse', 'main^{tree}')}"
    github.artefacts.keep(name, {"plan.json": review["plan"].folder / "plan.json"})
    again = Event(Cause.MERGE, shop.git("rev-parse", "main"))
    held = github.run(again)["deploy"]
    assert held.status == 1
    assert "violates plan" in held.output
    assert list(shop.person.aws.state.secrets("us-east-1")) == []

    planned = github.run(Event(Cause.BY_HAND, again.commit))
    assert_green(planned, "plan")
    assert github.run(again)["deploy"].status == 0
    nothing = github.run(Event(Cause.BY_HAND, again.commit))["plan"]
    assert "unchanged" in nothing.shown
    assert " to " not in nothing.shown.rpartition("Resources:")[2]


@pytest.mark.deep
def test_a_new_value_is_rotated_to_by_hand(shop: Shop, github: GitHub) -> None:
    reviewed(shop, github)
    assert merged(shop, github).status == 0
    shop.person.give(shop.person.second)
    shop.give()
    main = shop.git("rev-parse", "main")

    planned_before = github.run(Event(Cause.MERGE, main))["deploy"]
    by_hand = github.run(Event(Cause.BY_HAND, main, tokens="warehouse-bot"))

    assert planned_before.status == 1
    assert "plan" in planned_before.output
    assert_green(by_hand, "rotate")
    assert json.loads(shop.current() or "")["token_id"] == shop.person.second.identifier
