"""What every resource of the provider does; the server translates between this and gRPC."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from tba_secrets.errors import TbaError
from tba_secrets.provider.codec import Properties
from tba_secrets.spec.model import Model


class Wire(Model):
    """A resource's properties: camelCase on the wire, as Pulumi has it; what lies deeper is as in the YAML."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    @classmethod
    def among(cls, properties: Properties) -> Properties:
        """Return those of some properties that are this model's: state holds inputs and outputs together."""
        names = {field.alias for field in cls.model_fields.values()}
        return {name: value for name, value in properties.items() if name in names}

    def properties(self) -> Properties:
        """Return the properties as the engine keeps them: without those that are not set."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


@dataclass(frozen=True)
class Checked:
    """The inputs that the engine is to persist, or why they are refused (property -> reason)."""

    inputs: Properties
    failures: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One line of a detailed diff: the property, and whether it is an input."""

    property: str
    input: bool = True


class PartialFailureError(TbaError):
    """Something was done and has to be kept in state, then something failed; the next update finishes it."""

    def __init__(self, cause: TbaError, state: Properties) -> None:
        super().__init__(cause.what, cause.remedy)
        self.state = state


class Handler(ABC):
    """One resource type. Inputs and state are plain Python in the shape of the type's models."""

    token: ClassVar[str]
    """The type token, `package:module:Type`."""
    description: ClassVar[str]
    inputs: ClassVar[type[Wire]]
    outputs: ClassVar[type[Wire]]
    """What Create adds to the inputs."""

    def read_first(self, state: Properties) -> bool:
        """Return whether the engine is to read this resource before it updates any (`refresh_before_update`)."""
        return False

    @abstractmethod
    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        """Validate and complete the inputs; reads sources, writes nothing."""

    @abstractmethod
    def diff(
        self, urn: str, old_inputs: Properties, old_state: Properties, new: Properties
    ) -> list[Change]:
        """Return what an update would change, from a look at the stores; an empty list is "nothing to do"."""

    def foresee(self, urn: str, new: Properties) -> None:  # noqa: B027 - most have nothing to foresee
        """Warn in a preview of what the update would be refused for."""

    @abstractmethod
    def preview(self, old_state: Properties, new: Properties) -> Properties:
        """Return the state that an update would leave, unknown where a preview cannot tell. No IO."""

    @abstractmethod
    def id(self, new: Properties) -> str:
        """Return the resource's id in state."""

    @abstractmethod
    def update(self, urn: str, old_state: Properties, new: Properties) -> Properties:
        """Do what `diff` found, and return the whole state. Create is an update of nothing.

        Idempotent: a killed run is taken up by running it again.
        """

    @abstractmethod
    def read(
        self, urn: str, id: str, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        """Return (inputs, state) as observed; None if it is gone. Never change a desired digest."""

    @abstractmethod
    def delete(self, urn: str, state: Properties) -> None:
        """Delete what is ours, forget the rest."""


def merged(inputs: Properties, outputs: Wire) -> Properties:
    """Return a resource's state: its inputs and what Create or Update found out."""
    return {**inputs, **outputs.properties()}


def input_changes(old: Properties, new: Properties) -> list[Change]:
    """Return the inputs that differ."""
    names = sorted(old.keys() | new.keys())
    return [Change(name) for name in names if old.get(name) != new.get(name)]
