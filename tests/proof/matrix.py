"""The fault matrix: each call of each story on each store, harmed on the wire in every way; then the same run again.

    python -m tests.proof.matrix [--cells N] [--seed N] [--store aws|vault]

The real handlers, stores and client, on the strict Secrets Manager, a real Vault and the NetSuite simulator, without
the engine. A kill is a wire that is dead from there on, and a state that is not kept: what it looks like from outside.
Pauses take no time. After each run: what readers get has passed, nothing that worked is lost or revoked, nothing is
there twice, no login is tried again, and no value is in an error, a log or the state. At the end of a story stands
what it is about, and a plain update has nothing more to do. tests/proof/certificates.py has the other kind of
credential.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import botocore.endpoint

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.stores.interface import Store
from tests import conftest
from tests.netsuite_account import NetSuiteAccount, Values
from tests.proof.certificates import CertificateScene
from tests.proof.scene import PREFIX, SECOND, WRONG, Scene, Story
from tests.proof.wire import FAULTS, Proxy, Wire
from tests.stores.aws_bench import aws_store, settings as aws_settings
from tests.stores.vault_bench import TOKEN_VARIABLE, settings as vault_settings, vault_store
from tests.stores.vault_server import ROOT_TOKEN, Api, dev_server

assert conftest, "it has AWS's models read once"
REFUSED: Final = "NetSuite refused the login"
UPLOADED: Final = ("first key", "upload", "first proof")
STORIES: Final = {
    "create": Story("up", before=()),
    "no-op": Story("up"),
    "update": Story("up", SECOND, ends=SECOND),
    "mistyped": Story("up", WRONG, ends_with=(REFUSED,)),
    "rotate": Story("rotate", SECOND, ends=SECOND),
    "retire": Story("retire", SECOND, before=("create", "rotate"), ends=SECOND),
    "rollback": Story("rollback", SECOND, before=("create", "rotate"), returns=True),
    "update back": Story("up", before=("create", "update"), returns=True),
    "destroy": Story("destroy", ends=None),
    "first key": Story(
        "up", before=(), certificate=True, ends_with=("waits for its upload", REFUSED)
    ),
    "first proof": Story("up", before=("first key", "upload"), certificate=True),
    "rotate a key": Story("rotate", SECOND, before=UPLOADED, ends=SECOND, certificate=True),
    "retire a key": Story(
        "retire", SECOND, before=(*UPLOADED, "rotate a key"), ends=SECOND, certificate=True
    ),
    "destroy a key": Story("destroy", before=UPLOADED, ends=None, certificate=True),
}


STEPS: Final = {**STORIES, "upload": Story("upload", certificate=True)}
"""The stories, and what a person does between them."""
Scenes = Sequence[Scene]
"""For tokens, and for certificates."""


@dataclass(frozen=True)
class Cell:
    """One call of one story on one store, and what happens to it."""

    store: str
    story: str
    at: int
    call: str
    fault: str

    def __str__(self) -> str:
        return f"{self.store}, {self.story}, call {self.at} ({self.call}), {self.fault}"


def play(scenes: Scenes, cell: Cell) -> list[str]:
    """Play one cell to its end, and again without the fault; the violations."""
    story = STORIES[cell.story]
    scene = begin(scenes, story)
    error = scene.run(story, cell.fault, cell.at)
    if story.order == "retire":
        # A revoke whose outcome is not known is no error, for nothing is lost by it: the line stays, and `tba retire`
        # says so and is run again. So it is run again here whatever it said, and must do no harm where all was done.
        error = error or "run again in any case"
    if error:
        scene.brief = False
        again = scene.run(story)
        if not story.may_end_with(again):
            scene.violations.append(f"the same run again: {again}")
    scene.settled(story)
    return scene.violations


def begin(scenes: Scenes, story: Story) -> Scene:
    """Take another secret, and play what comes before the story."""
    scene = scenes[story.certificate]
    scene.begin()
    for before in (STEPS[name] for name in story.before):
        error = scene.run(before)
        assert before.may_end_with(error), error
    return scene


def cells(scenes: Scenes) -> Iterator[Cell]:
    """Record each story undisturbed, and yield what can happen to each of its calls."""
    begin(scenes, STORIES["no-op"])  # the first run of all asks more
    for name, story in STORIES.items():
        scene = begin(scenes, story)
        scene.wire.harm()
        error = scene.carried_out(story)
        assert story.may_end_with(error), f"{name}: {error}"
        for at, call in enumerate(list(scene.wire.calls), 1):
            for fault in FAULTS:
                yield Cell(scene.kind, name, at, call, fault)


@contextmanager
def open_scenes(kind: str, folder: Path) -> Iterator[Scenes]:
    """Servers, each behind the wire; a scene for tokens, and one for certificates."""
    account, tokens = NetSuiteAccount(), [Values() for _ in range(2)]
    wire, log, found = Wire(), io.StringIO(), dict(os.environ)
    for name in [n for n in os.environ if n.startswith(("AWS_", "VAULT_", "TBA_"))]:
        del os.environ[name]
    os.environ.update(
        {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            TOKEN_VARIABLE: ROOT_TOKEN,
        }
    )
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    with ExitStack() as stack:
        stack.callback(os.environ.update, found)
        stack.callback(os.environ.clear)
        quiet = SimpleNamespace(time=time.time, sleep=lambda _: None)
        stack.callback(setattr, botocore.endpoint, "time", botocore.endpoint.time)
        botocore.endpoint.time = quiet
        netsuite = stack.enter_context(
            Simulator(SimulatorConfig.from_dict(account.simulator_config()))
        )
        for number, token in enumerate(tokens):
            netsuite.state.add_token(account.id, account.token("orders", token, f" {number}"))
        proxies = [Proxy(wire, "elsewhere", "")]
        elsewhere = proxies[0].url
        proxies.append(Proxy(wire, "netsuite", netsuite.url, elsewhere))
        if kind == "aws":
            server = stack.enter_context(SecretsManagerServer())
            proxies.append(Proxy(wire, kind, server.url, elsewhere))
            declared: Any = aws_settings(proxies[2].url, prefix=PREFIX)
            inside: Store = aws_store(server.url)
        else:
            vault = dev_server(folder)
            stack.callback(vault.stop)
            mount = Api(vault.url).mount_kv()
            proxies.append(Proxy(wire, kind, vault.url, elsewhere))
            declared = vault_settings(proxies[2].url, mount)
            inside = vault_store(vault.url, mount)
        for proxy in proxies:
            stack.callback(proxy.close)
        level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(handler)
        stack.callback(root.setLevel, level)
        stack.callback(root.removeHandler, handler)
        settings = {kind: declared.model_dump(mode="json", exclude_none=True)}
        tokens.append(Values(tokens[0].identifier, Values().secret))  # a mistyped secret
        servers = (account, netsuite, wire, proxies[1].url, settings, inside, tokens)
        certificates = CertificateScene(kind, folder, *servers, log)
        stack.enter_context(certificates.allowed())
        yield Scene(kind, folder, *servers, log), certificates


def main() -> int:
    """Print each violation, and a table of what was tried."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, help="of each store, so many; without it all of them")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", choices=("aws", "vault"), action="append")
    parser.add_argument(
        "--only", default="", help="cells in whose description all of these are: A; B"
    )
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)  # noqa: S311 - picks a sample
    tried: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    for kind in chosen.store or ("aws", "vault"):
        with tempfile.TemporaryDirectory() as folder, open_scenes(kind, Path(folder)) as scenes:
            every = [
                one
                for one in cells(scenes)
                if all(word in str(one) for word in chosen.only.split("; "))
            ]
            for cell in chance.sample(every, min(chosen.cells or len(every), len(every))):
                tried[kind, cell.story] += 1
                if violations := play(scenes, cell):
                    bad[kind, cell.story] += 1
                    print(f"{cell}: {'; '.join(violations)}", flush=True)  # noqa: T201
            print(f"{kind}: {tried_of(tried, kind)} of {len(every)} cells", flush=True)  # noqa: T201
    print("| story | cells | passed | violations |\n|---|---|---|---|")  # noqa: T201
    for key, number in tried.items():
        print(f"| {', '.join(key)} | {number} | {number - bad[key]} | {bad[key]} |")  # noqa: T201
    total, wrong = sum(tried.values()), sum(bad.values())
    print(f"| fault matrix | {total} cells, {total - wrong} passed | {wrong} violations |")  # noqa: T201
    return 1 if wrong else 0


def tried_of(tried: Counter[tuple[str, str]], kind: str) -> int:
    """How many cells of one store were played."""
    return sum(number for (store, _), number in tried.items() if store == kind)


if __name__ == "__main__":
    sys.exit(main())
