"""A credential as a dynamic resource: checked, then written. In a module of its own, and so pickled by its name."""

from __future__ import annotations

from typing import Any

import pulumi
from calls import check, remove, write
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class CredentialProvider(ResourceProvider):
    """Create, update and delete; nothing looks at the store otherwise."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        check(props["account"], props["value"])
        write(props["secret"], props["value"], new=True)
        return CreateResult(props["secret"], props)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        names = ("secret", "account", "value")
        return DiffResult(changes=any(olds.get(name) != news.get(name) for name in names))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        check(news["account"], news["value"])
        write(news["secret"], news["value"], new=False)
        return UpdateResult(news)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        remove(props["secret"])


class Credential(Resource):
    """One secret in the store."""

    def __init__(self, name: str, **inputs: Any) -> None:
        super().__init__(CredentialProvider(), name, inputs, pulumi.ResourceOptions())
