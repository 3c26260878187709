"""Sources: where the consumer pair, the token pair, a client id, or a key with its certificate come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tba_secrets.spec.model.fields import (
    Argument,
    EnvironmentVariable,
    ExactlyOne,
    JsonKey,
    Model,
    PathText,
    RecordOrWord,
    Remedy,
)


class EnvNames(Model):
    """Two environment variables. Unset or empty means absent; only one of them is an error."""

    secret: EnvironmentVariable
    """The variable that holds the secret of the pair."""


class FilePlace(Model):
    """A file that holds one JSON object; refused if its group or others may read it."""

    path: PathText
    """Relative to the folder that holds Pulumi.yaml."""


class CommandCall(Model):
    """A command that prints one JSON object, for example sops, op, gopass or a script."""

    argv: Annotated[tuple[Argument, ...], Field(min_length=1, strict=False)]
    """The program and its arguments; no shell is involved."""
    timeout: Annotated[int, Field(ge=1, le=600)] = 60
    """The command's time limit in seconds; exceeding it is an error."""


class ConsumerEnv(EnvNames):
    """Environment variables that hold the consumer key and secret."""

    key: EnvironmentVariable
    """The variable that holds the consumer key."""


class ConsumerFile(FilePlace):
    """A JSON file that holds the consumer key and secret."""

    key: JsonKey = "consumer_key"
    """The JSON key of the consumer key."""
    secret: JsonKey = "consumer_secret"
    """The JSON key of the consumer secret."""


class ConsumerCommand(CommandCall):
    """A command that prints the consumer key and secret as JSON."""

    key: JsonKey = "consumer_key"
    """The JSON key of the consumer key."""
    secret: JsonKey = "consumer_secret"
    """The JSON key of the consumer secret."""


class TokenEnv(EnvNames):
    """Environment variables that hold the token id and secret."""

    id: EnvironmentVariable
    """The variable that holds the token id."""


class TokenFile(FilePlace):
    """A JSON file that holds the token id and secret."""

    id: JsonKey = "token_id"
    """The JSON key of the token id."""
    secret: JsonKey = "token_secret"
    """The JSON key of the token secret."""


class TokenCommand(CommandCall):
    """A command that prints the token id and secret as JSON."""

    id: JsonKey = "token_id"
    """The JSON key of the token id."""
    secret: JsonKey = "token_secret"
    """The JSON key of the token secret."""


class ClientEnv(Model):
    """An environment variable that holds the client id."""

    id: EnvironmentVariable
    """The variable that holds the client id."""


class ClientFile(FilePlace):
    """A JSON file that holds the client id."""

    id: JsonKey = "client_id"
    """The JSON key of the client id."""


class ClientCommand(CommandCall):
    """A command that prints the client id as JSON."""

    id: JsonKey = "client_id"
    """The JSON key of the client id."""


class KeyEnv(Model):
    """Environment variables that hold a private key and its certificate, both in PEM."""

    private_key: EnvironmentVariable
    """The variable that holds the private key, without a passphrase."""
    certificate: EnvironmentVariable
    """The variable that holds the certificate."""


class KeyFile(FilePlace):
    """A JSON file that holds a private key and its certificate, both in PEM."""

    private_key: JsonKey = "private_key"
    """The JSON key of the private key, which has no passphrase."""
    certificate: JsonKey = "certificate"
    """The JSON key of the certificate."""


class KeyCommand(CommandCall):
    """A command that prints a private key and its certificate as JSON, both in PEM."""

    private_key: JsonKey = "private_key"
    """The JSON key of the private key, which has no passphrase."""
    certificate: JsonKey = "certificate"
    """The JSON key of the certificate."""


class ConsumerSource(ExactlyOne):
    """Exactly one way to give the consumer key and secret."""

    env: ConsumerEnv | None = None
    file: ConsumerFile | None = None
    command: ConsumerCommand | None = None


class TokenSource(ExactlyOne):
    """Exactly one way to give the token id and secret."""

    env: TokenEnv | None = None
    file: TokenFile | None = None
    command: TokenCommand | None = None


class ClientSource(ExactlyOne):
    """Exactly one way to give the client id."""

    env: ClientEnv | None = None
    file: ClientFile | None = None
    command: ClientCommand | None = None


class KeySource(ExactlyOne):
    """Exactly one way to give a private key and its certificate."""

    env: KeyEnv | None = None
    file: KeyFile | None = None
    command: KeyCommand | None = None


StoredConsumer = Annotated[
    Literal["stored"],
    Remedy(
        "write a source (env, file or command), for example {env: {key: NAME, secret: NAME}}, or the word stored"
    ),
]
"""Only the store holds the consumer pair."""
StoredClient = Annotated[
    Literal["stored"],
    Remedy(
        "write a source (env, file or command), for example {env: {id: NAME}}, or the word stored"
    ),
]
"""Only the store holds the client id."""
StoredToken = Annotated[
    Literal["stored", "prompt", "authorize"],
    Remedy(
        "write a source (env, file or command), for example {env: {id: NAME, secret: NAME}}, or one of: stored, "
        "prompt, authorize"
    ),
]
"""Only the store holds the token pair. `tba rotate` asks for a new one (`prompt`) or has NetSuite issue it
(`authorize`); with `stored`, a flag has to say which."""
GeneratedKey = Annotated[
    Literal["generated"],
    Remedy(
        "write a source (env, file or command), for example {env: {private_key: NAME, certificate: NAME}}, or "
        "the word generated"
    ),
]
"""The key is made in memory, and is nowhere but in the store."""
ConsumerOrigin = RecordOrWord[ConsumerSource, StoredConsumer]
TokenOrigin = RecordOrWord[TokenSource, StoredToken]
ClientOrigin = RecordOrWord[ClientSource, StoredClient]
KeyOrigin = RecordOrWord[KeySource, GeneratedKey]
