"""`tba rotate` and `tba retire`, killed again and again: each case begins from a copy of the same beginning.

Two stories are told. *rotate*: a token that works gets its successor. *retire*: the superseded one is revoked. A case
plays one of them, harms it at one point, runs the same command again, and looks at what is left.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tba_secrets.simulator.audit import AuditEntry
from tba_secrets.simulator.aws import (
    Received,
    Secret,
)
from tests.engine.conftest import World, open_world
from tests.engine.project import Run
from tests.engine.tba import start, tba
from tests.faults.victim import Victim
from tests.leaks.scanner import Canary, find, text
from tests.netsuite_account import Values

TOKEN = "orders"
NAME = f"netsuite/test/{TOKEN}"
REVOKE = "GET /rest/revoketoken"
"""As the Login Audit Trail names it."""


class Story(Enum):
    """What the run that is harmed is about."""

    ROTATE = "rotate"
    RETIRE = "retire"

    @property
    def command(self) -> tuple[str, ...]:
        """What is typed after `tba`."""
        return (self.value, "test", TOKEN, *(["--now"] if self is Story.RETIRE else []))


@dataclass(frozen=True)
class Beginning:
    """What a story starts from."""

    backend: Path
    """A copy of the engine's backend."""
    secret: Secret


@dataclass
class RotationBench:
    """A world that goes back to the beginning of a story."""

    world: World
    beginnings: dict[Story, Beginning] = field(default_factory=dict)
    calls: dict[Story, list[Received]] = field(default_factory=dict)
    """The store calls of the story that nobody disturbs."""
    asked: dict[Story, list[str]] = field(default_factory=dict)
    """What that one asks of NetSuite with a signature, by the Login Audit Trail."""
    _trail_starts: int = 0

    def begin(self, story: Story) -> None:
        """Put back what the story starts from, and have the source give the successor."""
        beginning = self.beginnings[story]
        shutil.rmtree(self._backend)
        shutil.copytree(beginning.backend, self._backend)
        state = self.world.netsuite.state
        self.world.aws.state.save(beginning.secret)
        self.world.aws.state.take_changes()
        self.world.aws.faults.clear()
        self.world.aws.calls.clear()
        state.faults.clear()
        self.world.project.on_a_new_machine()
        state.clear_lockout(self.world.account.id, self.world.account.user_of(TOKEN))
        for token in state.account(self.world.account.id).tokens:
            token.revoked, token.active = False, True
        self.world.give(**{TOKEN: self.successor})
        self._trail_starts = self.world.logins()

    def provision(self) -> None:
        """Make the first token current: where the first story begins."""
        self.world.give(**{TOKEN: self.first})
        assert self.world.project.up().status == 0
        self.beginnings[Story.ROTATE] = self._now(Story.ROTATE)

    def record(self) -> None:
        """Play each story whole; the first one's end is the second one's beginning."""
        for story in Story:
            if story not in self.beginnings:
                self.beginnings[story] = self._now(story)
            self.begin(story)
            run = tba(self.world, *story.command)
            assert run.status == 0, run.output
            self.calls[story] = list(self.world.aws.calls)
            self.asked[story] = [one.request for one in self.trail()]

    @property
    def first(self) -> Values:
        """The token that is current to begin with."""
        return self.world.account.tokens[TOKEN]

    @property
    def successor(self) -> Values:
        """The one that takes its place."""
        return self.world.account.spares[TOKEN]

    def trail(self) -> list[AuditEntry]:
        """The Login Audit Trail since the story began."""
        return self.world.netsuite.state.audit()[self._trail_starts :]

    def killed(self, story: Story, arm: Callable[[Callable[[], None]], object]) -> Run:
        """Run the story, and end all its processes where `arm` has put the function it is given."""
        victim = Victim()
        arm(victim.kill)
        victim.start(start(self.world, *story.command, cold=True))
        run = victim.end()
        assert run.status == -signal.SIGKILL, run.output
        self.world.aws.faults.clear()
        self.world.netsuite.state.faults.clear()
        return run

    def journal(self) -> list[tuple[str, str]]:
        """The lines of the secret's journal: version and state."""
        return journal(self.world)

    def revokes(self) -> list[bool]:
        """The revokes since the story began: whether NetSuite carried them out."""
        return [one.success for one in self.trail() if one.request == REVOKE]

    def current(self) -> str:
        """The id of the token that readers get."""
        return self.world.current(TOKEN)["token_id"]

    @property
    def _backend(self) -> Path:
        return self.world.project.folder / "state"

    def _now(self, story: Story) -> Beginning:
        copy = self.world.project.folder.parent / f"before {story.value}"
        shutil.copytree(self._backend, copy)
        secret = self.world.aws.state.secret(NAME)
        assert secret is not None
        return Beginning(copy, secret)


def journal(world: World) -> list[tuple[str, str]]:
    """The lines of a secret's journal in AWS: version and state, in no order."""
    lines = [
        value
        for key, value in world.secret(TOKEN).tags.items()
        if key.startswith("tba-secrets:journal")
    ]
    return [(line.split()[0], line.split()[-1]) for line in lines]


def assert_state_holds_no_value(world: World, *tokens: Values) -> None:
    """I6: neither half of a pair is in the state, in any encoding, not even where it is asked for in clear."""
    run = world.project.pulumi("stack", "export", "--show-secrets")
    assert run.status == 0, run.output
    assert TOKEN in json.dumps(json.loads(run.output)["deployment"]), "the state is empty"
    pairs = [*tokens, *world.account.consumers.values()]
    canaries = [
        Canary(f"{number} {half}", value)
        for number, pair in enumerate(pairs)
        for half, value in (("identifier", pair.identifier), ("secret", pair.secret))
    ]
    assert find(canaries, [text("the state", run.output)]) == []


def assert_no_changes(world: World) -> None:
    """A plain `pulumi preview` has nothing to do: the source as it was at the rotation, absent, caught up, or stale."""
    now, current = dict(world.project.environment), world.current(TOKEN)
    caught_up = Values(current["token_id"], current["token_secret"])
    names = [name for name in world.account.environment() if name.startswith(TOKEN.upper())]
    for source in ("as it is", "absent", "caught up", "as at the beginning"):
        if source == "absent":
            world.withhold(*names)
        elif source != "as it is":
            world.project.environment.update(now)
            token = caught_up if source == "caught up" else world.account.tokens[TOKEN]
            given = world.account.environment(**{TOKEN: token})
            world.project.environment.update({name: given[name] for name in names})
        run = world.project.pulumi("preview", "--expect-no-changes")
        assert run.status == 0, f"the source is {source}: {run.output}"
    world.project.environment.update(now)


@contextmanager
def open_rotation_bench(folder: Path) -> Iterator[RotationBench]:
    """Servers, and a project with one token, which is current."""
    with open_world(folder, tokens=(TOKEN,)) as world:
        bench = RotationBench(world)
        bench.provision()
        yield bench
