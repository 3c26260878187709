"""One pair of servers for many kills: each case begins from a copy of the same beginning.

Two stories are told. *create*: a new secret gets its first credential. *rotate*: a secret with the first credential
gets the second one. A case plays one of them, harms it at one point, and looks at what is left.
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

from tba_secrets.simulator.aws import (
    Received,
    Secret,
)
from tests.engine.conftest import World, open_world
from tests.engine.project import Run
from tests.faults.victim import Victim
from tests.faults.watcher import Watcher, watched
from tests.netsuite_account import Values

TOKEN = "orders"
NAME = f"netsuite/test/{TOKEN}"
UP = ("up", "--yes", "--skip-preview")


class Story(Enum):
    """What the run that is killed is about."""

    CREATE = "create"
    ROTATE = "rotate"


@dataclass(frozen=True)
class Beginning:
    """What a story starts from."""

    backend: Path
    """A copy of the engine's backend."""
    secret: Secret | None


@dataclass
class Bench:
    """A world that goes back to the beginning of a story, and what a whole story leaves."""

    world: World
    beginnings: dict[Story, Beginning] = field(default_factory=dict)
    calls: dict[Story, list[Received]] = field(default_factory=dict)
    """The store calls of the story that nobody disturbs."""
    versions: dict[Story, int] = field(default_factory=dict)
    """How many versions that one leaves."""

    def begin(self, story: Story) -> None:
        """Put back what the story starts from, and give its sources their values."""
        beginning = self.beginnings[story]
        backend = self._backend
        shutil.rmtree(backend)
        shutil.copytree(beginning.backend, backend)
        self.world.project.on_a_new_machine()
        self._put_back(beginning.secret)
        self.world.aws.faults.clear()
        self.world.netsuite.state.faults.clear()
        self.world.aws.calls.clear()
        self.world.give(**{TOKEN: self.wanted(story)})

    def wanted(self, story: Story) -> Values:
        """The access token that the story is to make current."""
        account = self.world.account
        return {Story.CREATE: account.tokens, Story.ROTATE: account.spares}[story][TOKEN]

    def record(self) -> None:
        """Play each story whole, one after the other; the first one's end is the second one's beginning."""
        for story in Story:
            self.beginnings[story] = self._now(story)
            self.begin(story)
            with watched(self.world) as watcher:
                run = self.world.project.pulumi(*UP)
            assert (run.status, watcher.violations) == (0, []), run.output
            assert watcher.changes > 0, f"{story.value} changed nothing: there is nothing to watch"
            self.calls[story] = list(self.world.aws.calls)
            self.versions[story] = len(self.world.secret(TOKEN).versions)

    def killed(self, arm: Callable[[Callable[[], None]], object]) -> None:
        """Run `up`, and end all its processes where `arm` has put the function it is given."""
        victim = Victim()
        arm(victim.kill)
        victim.start(self.world.project.start(*UP, cold=True))
        run = victim.end()
        assert run.status == -signal.SIGKILL, run.output
        self.world.aws.faults.clear()

    def recover(self) -> Run:
        """The documented way after a kill; the outcome of its last step."""
        for command in (
            ("cancel", "--yes"),
            ("refresh", "--yes", "--skip-preview", "--clear-pending-creates"),
        ):
            run = self.world.project.pulumi(*command)
            assert run.status == 0, f"{command}: {run.output}"
        return self.world.project.pulumi(*UP)

    def assert_settled(self, story: Story) -> None:
        """I3: the wanted credential is current, nothing is half done, and there is nothing left to do."""
        assert self.world.current(TOKEN)["token_id"] == self.wanted(story).identifier
        labels = self.world.labels(TOKEN)
        assert labels.get("AWSPENDING") in (None, labels["AWSCURRENT"])
        assert len(self.world.secret(TOKEN).versions) <= self.versions[story] + 1
        again = self.world.project.pulumi(*UP, "--expect-no-changes")
        assert again.status == 0, again.output

    @property
    def _backend(self) -> Path:
        return self.world.project.folder / "state"

    def _now(self, story: Story) -> Beginning:
        copy = self.world.project.folder.parent / f"before {story.value}"
        shutil.copytree(self._backend, copy)
        return Beginning(copy, self.world.aws.state.secret(NAME))

    def _put_back(self, secret: Secret | None) -> None:
        state = self.world.aws.state
        if secret is not None:
            state.save(secret)
        elif (left := state.secret(NAME)) is not None:
            state.remove(left)
        state.take_changes()


def pending_operations(world: World) -> list[str]:
    """What the engine had begun and not ended, as its state tells."""
    run = world.project.pulumi("stack", "export")
    assert run.status == 0, run.output
    return [
        one["type"] for one in json.loads(run.output)["deployment"].get("pending_operations", [])
    ]


@contextmanager
def open_bench(folder: Path) -> Iterator[Bench]:
    """Servers, a project with one token, and both stories recorded."""
    with open_world(folder, tokens=(TOKEN,)) as world:
        bench = Bench(world)
        bench.record()
        yield bench


@contextmanager
def watching(world: World) -> Iterator[Watcher]:
    """Watch, and assert at the end that there was something to see and that it was right."""
    with watched(world) as watcher:
        yield watcher
    assert watcher.violations == []
    assert watcher.changes > 0
