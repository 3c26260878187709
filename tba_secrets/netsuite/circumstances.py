"""Evidence from outside the answer and the record: earlier passes, earlier refusals, how other tokens fared.

A refused login is answered alike whatever the cause. Who else was refused in the same run tells more than the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.rules import Clue


class Others(Enum):
    """How other tokens with the same consumer pair fared in this run."""

    UNKNOWN = auto()
    """There is no other, or none was asked."""
    WORKED = auto()
    REFUSED = auto()
    """All of them."""


@dataclass(frozen=True)
class Circumstances:
    """What happened elsewhere; nothing is known by default."""

    passed_before: bool = False
    """NetSuite has accepted these very values once."""
    recently_refused: bool = False
    """It refused a login of this user within the last 30 minutes."""
    same_consumer: Others = Others.UNKNOWN
    whole_account_refused: bool = False
    """Tokens of two or more integrations were asked, and all were refused."""
    account_changed: bool = False
    """The declared account is another one than at the test before."""

    @property
    def clues(self) -> frozenset[Clue]:
        facts = {
            Clue.PASSED_BEFORE: self.passed_before,
            Clue.ACCOUNT_CHANGED: self.account_changed,
            Clue.RECENTLY_REFUSED: self.recently_refused,
            Clue.CONSUMER_WORKED: self.same_consumer is Others.WORKED,
            Clue.CONSUMER_REFUSED: self.same_consumer is Others.REFUSED,
            Clue.ACCOUNT_REFUSED: self.whole_account_refused,
        }
        return frozenset(clue for clue, holds in facts.items() if holds)


NOTHING_KNOWN = Circumstances()


@dataclass(frozen=True)
class Verdict:
    """How one credential fared in a run."""

    credential: Credential
    accepted: bool
    """NetSuite took the login; whether the checks passed is another matter."""


def others(mine: Credential, verdicts: Iterable[Verdict]) -> Circumstances:
    """Return what the verdicts of a run, on every credential that got an answer, say about a refused one."""
    there = [one for one in verdicts if one.credential.account == mine.account]
    same = [
        one.accepted
        for one in there
        if one.credential is not mine and one.credential.pair("consumer") == mine.pair("consumer")
    ]
    fared = Others.UNKNOWN if not same else Others.WORKED if any(same) else Others.REFUSED
    consumers = {one.credential.pair("consumer").identifier for one in there}
    whole = len(consumers) > 1 and not any(one.accepted for one in there)
    return Circumstances(same_consumer=fared, whole_account_refused=whole)
