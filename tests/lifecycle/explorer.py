"""Explores the life of a credential exhaustively: every sequence of events to a depth, each run cut at every call.

An explicit-state search, as model checkers do it: a world that was seen before, up to the names of its versions and
the time, is not explored again. A violation is printed with the trace that leads to it, which `replay` plays again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tba_secrets.errors import ValueNeededError
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import Stage
from tests.lifecycle.world import (
    A_DAY,
    CUTS,
    INTENTS,
    PLAIN,
    RENAMED,
    Cut,
    Run,
    ViolationError,
    World,
    run,
    token_in,
)
from tests.stores.memory import MemoryStore

Change = Callable[[World], None]


def _set(**fields: Any) -> Change:
    def change(world: World) -> None:
        for name, value in fields.items():
            setattr(world, name, value)

    return change


def _writable(world: World) -> MemoryStore | None:
    """Return the first store, if its secret is there and not deleted."""
    store = world.stores.get(world.at("aws"))
    secret = None if store is None else store._secrets.get(world.name)
    return store if secret is not None and secret.deletion_at is None else None


def _outside_write(world: World) -> None:
    """Somebody else writes a credential of theirs."""
    if (store := _writable(world)) is not None:
        before = store.read(world.name, Stage.PREVIOUS)
        if before is not None:  # theirs has taken the last label off it
            world.truth.lost_to_others.add(token_in(before.value.reveal()) or "")
        store.write_as_another(world.name, Sensitive('{"not": "ours"}'))


def _outside_pending(world: World) -> None:
    """Another tool begins a rotation."""
    if (store := _writable(world)) is not None:
        waiting = store.read(world.name, Stage.CANDIDATE)
        if (
            waiting is not None
        ):  # theirs has taken the label off ours: that is no loss of our making
            world.truth.lost_to_others.add(token_in(waiting.value.reveal()) or "")
        store.write_as_another(world.name, Sensitive('{"not": "ours"}'), Stage.CANDIDATE)


def _pending_gone(world: World) -> None:
    store = world.stores.get(world.at("aws"))
    secret = None if store is None else store._secrets.get(world.name)
    if secret is not None and secret.foreign() is not None:
        del secret.stages[Stage.CANDIDATE]


def _reset(world: World) -> None:
    """Reset Credentials in NetSuite: the old consumer pair is dead at once."""
    world.consumer = world.consumer_valid = "K2"


def _upload(world: World) -> None:
    """A person uploads the certificate that waits."""
    if (store := _writable(world)) is not None:
        waiting = store.read(world.name, Stage.CANDIDATE)
        token = None if waiting is None else token_in(waiting.value.reveal())
        if token is not None and token not in world.truth.revoked:
            world.upload(token)


def _misplace(world: World) -> None:
    """A person uploads the certificate that waits, for another user."""
    if (store := _writable(world)) is not None:
        waiting = store.read(world.name, Stage.CANDIDATE)
        token = None if waiting is None else token_in(waiting.value.reveal())
        if token is not None and token not in world.truth.revoked | world.valid:
            world.upload(token, misplaced=True)


def _revoked_by_others(world: World) -> None:
    """A person revokes the certificate that readers have."""
    token = world.current_token(world.at("aws"))
    if token is not None:
        world.valid -= {token}
        world.truth.revoked.add(token)


def _run_out(world: World) -> None:
    """Every certificate that is there now runs out."""
    world.now += 400 * A_DAY
    world.attempts = ()


def _lose_state(world: World) -> None:
    world.staged = world.tested = None


def _time(world: World) -> None:
    world.now += 2 * A_DAY
    world.attempts = ()


CHANGES: dict[str, Change] = {
    "source A": _set(token="A"),
    "source B": _set(token="B"),
    "source X (mistyped)": _set(token="X"),
    "source empty": _set(token=None),
    "consumer reset": _reset,
    "NetSuite away": _set(netsuite="away"),
    "NetSuite garbled": _set(netsuite="garbled"),
    "NetSuite back": _set(netsuite="up"),
    "description": _set(description="two"),
    "format": _set(format=RENAMED),
    "secret renamed": _set(secret="renamed"),
    "region": _set(region="eu-west-1"),
    "second store": _set(declared=("aws", "vault")),
    "first store alone": _set(declared=("aws",)),
    "retire_after": _set(retire_after=A_DAY),
    "digest key": _set(digest_key="a-key-that-is-obviously-fake"),
    "outside write": _outside_write,
    "outside pending": _outside_pending,
    "outside pending gone": _pending_gone,
    "state lost": _lose_state,
    "two days pass": _time,
    "uploaded": _upload,
    "uploaded for another user": _misplace,
    "current revoked by a person": _revoked_by_others,
    "certificates run out": _run_out,
    "no place for another": _set(others=4),
    "places again": _set(others=0),
    "permission lost": _set(permitted=False),
    "by a person": _set(by="person"),
    "by the API": _set(by="api"),
}

OF_CERTIFICATES = {
    "uploaded",
    "uploaded for another user",
    "current revoked by a person",
    "certificates run out",
    "no place for another",
    "places again",
    "permission lost",
    "by a person",
    "by the API",
    "rotate generated",
    "rotate anew",
}
OF_TOKENS = {
    *(one for one in CHANGES if one.startswith("source")),
    *(one for one in INTENTS if one.startswith("rotate")),
    "format",
} - OF_CERTIFICATES

Event = tuple[str, Cut | None]


def play(world: World, event: Event) -> Run | None:
    """Let one event happen."""
    what, cut = event
    if what in CHANGES:
        CHANGES[what](world)
        return None
    if what == "destroy":
        one = Run(world, None, cut).destroy()
        one.check_end()
        return one
    return run(world, what, cut)


def replay(events: Iterable[Event], world: World | None = None) -> World:
    """Play a trace again from the beginning."""
    world = world or World()
    for event in events:
        play(world, event)
    return world


def key_of(world: World) -> Any:
    """Return what tells worlds apart: contents and parts, not the names of versions."""
    names: dict[str, str] = {}

    def label(version: str | None) -> str:
        return names.get(version or "", "gone" if version else "")

    secrets: list[Any] = []
    for kind in sorted(world.stores):
        for secret_name, secret in sorted(world.stores[kind]._secrets.items()):
            for version, value in secret.versions.items():
                terms = version.split("-")[1] if version.startswith("tba-") else "theirs"
                token = token_in(value.reveal()) or "none"
                fmt = "NS_TOKEN_ID" in value.reveal()
                consumer = "K2" if "id-K2" in value.reveal() else "K1"
                names[version] = f"{terms}:{token}:{consumer}:{fmt}"
            secrets.append(
                (
                    kind,
                    secret_name,
                    secret.owner is not None,
                    tuple(sorted((s.value, label(v)) for s, v in secret.stages.items())),
                    tuple(
                        sorted(
                            (label(line.version), line.state.value, line.revoke_after <= world.now)
                            for line in secret.journal.values()
                        )
                    ),
                    secret.deletion_at is not None,
                    tuple(sorted(names[v] for v in secret.versions)),
                )
            )
    staged, tested = world.staged, world.tested
    state = (
        None
        if staged is None
        else (
            tuple(sorted((k, label(v)) for k, v in staged[1].get("versions", {}).items())),
            tuple(sorted(staged[1].get("sourceDigests", {}).items())),
            tuple(sorted(staged[1].get("storedDigests", {}).items())),
            tuple(sorted(staged[0].get("digests", {}).items())),
            staged[1].get("secret"),
            str(staged[1].get("stores")),
            str(staged[1].get("format")),
            staged[1].get("description"),
        ),
        None
        if tested is None
        else (
            tuple(sorted((k, label(v)) for k, v in tested[1].get("verified", {}).items())),
            len(tested[1].get("refusals", [])),
        ),
    )
    truth = world.truth
    return (
        tuple(secrets),
        state,
        world.declared,
        world.region,
        world.secret,
        world.format == PLAIN,
        world.description,
        world.retire_after,
        world.digest_key,
        world.token,
        world.consumer,
        world.consumer_valid,
        world.netsuite,
        world.by,
        tuple(sorted(token for token in world.valid if world.accepts(token))),
        tuple(sorted(world.misplaced)),
        world.permitted,
        world.others,
        len(world.attempts),
        tuple(sorted(world.valid)),
        tuple(sorted(truth.barred)),
        tuple(sorted(truth.left)),
        tuple(sorted(truth.owed)),
    )


@dataclass
class Figures:
    """What an exploration found."""

    sequences: int = 0
    """Events played."""
    states: int = 0
    cuts: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    traces: dict[str, tuple[str, tuple[Event, ...]]] = field(default_factory=dict)
    """By property, the first violation and its trace."""
    seconds: float = 0.0

    def note(self, trace: tuple[Event, ...], violation: ViolationError) -> None:
        self.violations[violation.property] += 1
        known = self.traces.get(violation.property)
        if known is None or len(trace) < len(known[1]):
            self.traces[violation.property] = (str(violation), trace)

    def __str__(self) -> str:
        lines = [
            f"{self.sequences} events played, {self.states} states, {self.cuts} cuts, "
            f"{sum(self.violations.values())} violations in {self.seconds:.0f} s"
        ]
        for name, (what, trace) in sorted(self.traces.items()):
            lines.append(f"{name} ({self.violations[name]}): {what}")
            lines += [f"    {shown(event)}" for event in trace]
        return "\n".join(lines)


def shown(event: Event) -> str:
    what, cut = event
    return what if cut is None else f"{what}, {cut.how} call {cut.at}"


def explore(
    events: Iterable[str],
    depth: int,
    *,
    cuts: Iterable[str] = CUTS,
    seconds: float | None = None,
    begin: World | None = None,
    stop_at_first: bool = False,
) -> Figures:
    """Explore every sequence of events to a depth, breadth first, each run cut at every call.

    Args:
        events: Names of `CHANGES`, of `INTENTS`, or `destroy`.
        depth: The longest sequence.
        cuts: How runs are harmed.
        seconds: When to end even so; None for never. What was explored by then is reported.
        begin: The world to begin in.
        stop_at_first: End at the first violation.
    """
    events, cuts = tuple(events), tuple(cuts)
    figures, start = Figures(), time.monotonic()
    first = begin or World()
    seen = {key_of(first)}
    queue: deque[tuple[World, tuple[Event, ...]]] = deque([(first, ())])
    while queue:
        world, trace = queue.popleft()
        for event, after in _following(world, trace, events, cuts, figures):
            late = seconds is not None and time.monotonic() - start > seconds
            if late or (stop_at_first and figures.violations):
                queue.clear()
                break
            key = key_of(after)
            if key in seen:
                continue
            seen.add(key)
            if len(trace) + 1 < depth:
                queue.append((after, (*trace, event)))
    figures.states = len(seen)
    figures.seconds = time.monotonic() - start
    return figures


def _following(
    world: World,
    trace: tuple[Event, ...],
    events: tuple[str, ...],
    cuts: tuple[str, ...],
    figures: Figures,
) -> Iterator[tuple[Event, World]]:
    for what in events:
        whole = world.clone()
        done = _tried(whole, (what, None), trace, figures)
        if done is not None or what in CHANGES:
            yield (what, None), whole
        if done is None or not done.calls:
            continue
        for at in range(1, done.calls + 1):
            for how in cuts:
                event = (what, Cut(at, how))
                harmed = world.clone()
                figures.cuts += 1
                if _tried(harmed, event, trace, figures) is not None:
                    yield event, harmed


def _tried(world: World, event: Event, trace: tuple[Event, ...], figures: Figures) -> Run | None:
    figures.sequences += 1
    try:
        return play(world, event)
    except ViolationError as violation:
        figures.note((*trace, event), violation)
    except AssertionError as error:
        figures.note((*trace, event), ViolationError("bug", repr(error)))
    return None


def settles(world: World, trace: tuple[Event, ...], figures: Figures) -> None:
    """P5: with everything in order again, a second run changes nothing."""
    after = world.clone()
    after.netsuite, after.now = "up", after.now + 3600
    thrice: tuple[Event, ...] = (("up", None),) * 3
    try:
        last = [run(after, "up") for _ in thrice][-1]
    except ViolationError as violation:
        figures.note((*trace, *thrice), violation)
        return
    kind = after.at(after.declared[0])
    if isinstance(last.error, ValueNeededError) and after.current_token(kind) is not None:
        figures.note((*trace, *thrice), ViolationError("P5", f"stuck: {last.error.what}"))
    if last.error is None and (last.writes or last.asked):
        what = f"a third run still writes {last.writes} times, and asks {last.asked} times"
        figures.note((*trace, *thrice), ViolationError("P5", what))


def wander(rounds: int, length: int, seed: int, seconds: float | None = None) -> Figures:
    """Play long random sequences; each ends with P5."""
    figures, start, chance = Figures(), time.monotonic(), random.Random(seed)  # noqa: S311
    for number in range(rounds):
        if seconds is not None and time.monotonic() - start > seconds:
            break
        world = World() if number % 3 else World(by="api")
        others = OF_CERTIFICATES if world.by is None else OF_TOKENS
        commands = [one for one in (*INTENTS, "destroy") if one not in others]
        changes = [one for one in CHANGES if one not in others]
        trace: list[Event] = []
        for _ in range(length):
            what = chance.choice(commands if chance.random() < 0.6 else changes)
            cut = None
            if what not in CHANGES and chance.random() < 0.4:
                cut = Cut(chance.randint(1, 12), chance.choice(CUTS))
                figures.cuts += 1
            event = (what, cut)
            if _tried(world, event, tuple(trace), figures) is None and what not in CHANGES:
                trace.append(event)
                break
            trace.append(event)
        else:
            settles(world, tuple(trace), figures)
        figures.states += 1
    figures.seconds = time.monotonic() - start
    return figures


PROFILES: dict[str, tuple[tuple[str, ...], int]] = {
    "rotation": (
        (
            "up",
            "source A",
            "source B",
            "source empty",
            "rotate source",
            "rotate typed B",
            "rotate issued",
            "rollback",
            "retire",
            "retire now",
            "two days pass",
        ),
        4,
    ),
    "settings": (
        (
            "up",
            "source B",
            "rotate source",
            "rotate issued",
            "format",
            "description",
            "digest key",
            "secret renamed",
            "region",
            "second store",
            "first store alone",
            "rollback",
            "retire now",
        ),
        4,
    ),
    "NetSuite": (
        (
            "up",
            "source B",
            "source X (mistyped)",
            "rotate source",
            "rotate issued",
            "rotate consumer",
            "rollback",
            "NetSuite away",
            "NetSuite garbled",
            "NetSuite back",
            "consumer reset",
        ),
        4,
    ),
    "others": (
        (
            "up",
            "source B",
            "rotate issued",
            "rotate source",
            "rollback",
            "outside write",
            "outside pending",
            "outside pending gone",
            "state lost",
            "destroy",
            "retire_after",
        ),
        4,
    ),
    "certificates": (
        (
            "up",
            "uploaded",
            "rotate generated",
            "rotate anew",
            "by the API",
            "by a person",
            "rollback",
            "retire now",
            "NetSuite away",
            "NetSuite back",
            "outside pending",
            "outside pending gone",
            "state lost",
            "second store",
            "destroy",
        ),
        4,
    ),
    "certificates at NetSuite": (
        (
            "up",
            "uploaded",
            "uploaded for another user",
            "rotate generated",
            "rotate anew",
            "rotate consumer",
            "rollback",
            "retire now",
            "consumer reset",
            "certificates run out",
            "current revoked by a person",
            "no place for another",
            "places again",
            "permission lost",
        ),
        4,
    ),
}
"""What is explored together, and how deep: every event of the lifecycle in at least one profile."""
BEGIN: dict[str, Callable[[], World]] = {
    "certificates": lambda: World(by="person"),
    "certificates at NetSuite": lambda: replay(
        [("up", None), ("uploaded", None), ("up", None)], World(by="api")
    ),
}
"""Where a profile begins, if not with a token."""


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("profiles", nargs="*", default=list(PROFILES))
    parser.add_argument("--depth", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--wander", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def main() -> None:
    """Print the figures of every profile: `python -m tests.lifecycle.explorer [--depth N] [--seconds N] [PROFILE]`."""
    chosen = options().parse_args()
    bad = 0
    for name in chosen.profiles:
        events, depth = PROFILES[name]
        begin = BEGIN.get(name, World)()
        figures = explore(events, chosen.depth or depth, seconds=chosen.seconds, begin=begin)
        sys.stdout.write(f"{name}: {figures}\n")
        bad += sum(figures.violations.values())
    if chosen.wander:
        figures = wander(chosen.wander, 12, chosen.seed, chosen.seconds)
        sys.stdout.write(f"wandering: {figures}\n")
        bad += sum(figures.violations.values())
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
