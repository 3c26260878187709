"""Random walks: the label map against a model that keeps sets of labels per version instead."""

from __future__ import annotations

from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tba_secrets.simulator.aws.errors import AwsError
from tba_secrets.simulator.aws.identities import ACCESS_KEY_ID, Identities
from tba_secrets.simulator.aws.kms import KeyRing
from tba_secrets.simulator.aws.operations import OPERATIONS, AwsCall
from tba_secrets.simulator.aws.state import AccountState
from tests.simulator.aws.support import token

LABELS = st.sampled_from(["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "mine"])
TEXTS = st.sampled_from(["a", "b", "c"])


class LabelWalk(RuleBasedStateMachine):
    """Puts and moves in any order, right and wrong; each outcome is the model's."""

    versions = Bundle("versions")

    @initialize(target=versions, text=TEXTS)
    def create(self, text: str) -> str:
        self.state = AccountState("000000000000")
        self.identities = Identities("000000000000")
        self.now = 0.0
        first = token()
        self.values = {first: text}
        self.labels: dict[str, set[str]] = {first: {"AWSCURRENT"}}
        self.call("CreateSecret", Name="bot", SecretString=text, ClientRequestToken=first)
        return first

    def call(self, operation: str, **params: Any) -> str | None:
        """Call the pure core; the error code, or None."""
        self.now += 1
        identity = self.identities.lookup(ACCESS_KEY_ID, None, self.now)
        call = AwsCall(self.state, KeyRing(), identity, "us-east-1", params, self.now)
        try:
            OPERATIONS[operation](call)
        except AwsError as error:
            return error.code
        return None

    def holder(self, label: str) -> str | None:
        """The version that the model says has the label."""
        return next((v for v, labels in self.labels.items() if label in labels), None)

    def give(self, label: str, version: str) -> None:
        """The model's move: off the holder, on to the version, AWSPREVIOUS after AWSCURRENT."""
        left = self.holder(label)
        if left is not None:
            self.labels[left].remove(label)
        self.labels[version].add(label)
        if label == "AWSCURRENT" and left not in (None, version):
            self.give("AWSPREVIOUS", str(left))

    @rule(target=versions, text=TEXTS, stages=st.none() | st.lists(LABELS, min_size=1, max_size=1))
    def put(self, text: str, stages: list[str] | None) -> str:
        new = token()
        asked = {} if stages is None else {"VersionStages": stages}
        params = {"SecretId": "bot", "SecretString": text, "ClientRequestToken": new}
        assert self.call("PutSecretValue", **params, **asked) is None
        self.values[new] = text
        self.labels[new] = set()
        for label in stages or ["AWSCURRENT"]:
            self.give(label, new)
        return new

    @rule(version=versions, text=TEXTS, label=LABELS)
    def put_again(self, version: str, text: str, label: str) -> None:
        params = {"SecretId": "bot", "SecretString": text, "ClientRequestToken": version}
        got = self.call("PutSecretValue", **params, VersionStages=[label])
        same = self.values[version] == text
        assert got == (None if same else "ResourceExistsException")

    @rule(label=LABELS, remove_from=st.none() | versions, to=versions)
    def move(self, label: str, remove_from: str | None, to: str) -> None:
        holder = self.holder(label)
        right = remove_from == holder or (remove_from is None and holder == to)
        ids = {} if remove_from is None else {"RemoveFromVersionId": remove_from}
        params = {"SecretId": "bot", "VersionStage": label, "MoveToVersionId": to, **ids}
        got = self.call("UpdateSecretVersionStage", **params)
        assert got == (None if right else "InvalidParameterException")
        if right and holder != to:
            self.give(label, to)

    @rule(label=LABELS, remove_from=versions)
    def take_off(self, label: str, remove_from: str) -> None:
        params = {"SecretId": "bot", "VersionStage": label, "RemoveFromVersionId": remove_from}
        got = self.call("UpdateSecretVersionStage", **params)
        right = label != "AWSCURRENT" and label in self.labels[remove_from]
        assert got == (None if right else "InvalidParameterException")
        if right:
            self.labels[remove_from].remove(label)

    @invariant()
    def same_labels(self) -> None:
        secret = self.state.secret("bot")
        if secret is None:
            return
        model = {label: v for v, labels in self.labels.items() for label in labels}
        assert dict(secret.labels) == model
        current = secret.current()
        assert current is not None
        assert current.value is not None
        assert current.value.string == self.values[model["AWSCURRENT"]]


LabelWalk.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLabelWalk = LabelWalk.TestCase
