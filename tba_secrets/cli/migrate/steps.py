"""What a migration says beside the YAML: what to set up in NetSuite, and the steps in order. No IO."""

from __future__ import annotations

from collections.abc import Iterator

from tba_secrets.cli.checklist.facts import SCOPE_BOXES
from tba_secrets.cli.migrate.successor import NEEDED, Successor
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.permissions import MANAGES_APPLICATIONS
from tba_secrets.spec.model import Format


def told(environment: str, successor: Successor) -> Iterator[str]:
    """Yield everything that a person has to know and do, in order."""
    yield from _limits(successor)
    yield from _in_netsuite(successor)
    yield ""
    if successor.variable is not None:  # no source of the consumer pair gives it
        yield "The client id is the consumer key, which only the store has. Before step 1, and only this once:"
        yield f"  {_reading(successor)}"
        yield ""
    yield from _steps(environment, successor)
    yield ""
    yield from _undone(environment, successor)


def _limits(successor: Successor) -> Iterator[str]:
    """Name what does not move by itself."""
    for path in successor.without_soap:
        yield (
            f"{path} is checked with SOAP, which OAuth 2.0 does not know: a program that calls SOAP needs new code on "
            "REST first."
        )
    if any(record.format != Format() for record in successor.records):
        yield (
            "`format:` is not taken over: the new secrets hold other values (docs/oauth2.md); declare their keys anew."
        )


def _in_netsuite(successor: Successor) -> Iterator[str]:
    name, role = successor.integration.name, successor.integration.role
    boxes = " and ".join(SCOPE_BOXES[scope] for scope in successor.scopes)
    missing = ", ".join(one for one in NEEDED if one not in role.permissions)
    yield "First in NetSuite; TBA goes on working through all of it:"
    yield "  Setup > Company > Enable Features > SuiteCloud: OAuth 2.0"
    yield f"  Setup > Integration > Manage Integrations > the record of {name} > Edit:"
    yield f"    tick Client Credentials (Machine to Machine) Grant, and the scope {boxes}; a program that calls"
    yield "    RESTlets needs the scope RESTlets too. Leave the boxes of Token-based Authentication ticked"
    yield f"    Nobody may press Reset Credentials there: it ends every TBA token of {name} and the client id at once"
    if missing:
        yield f"  the role {role.name} ({successor.role_id}): add what it has not yet of {missing}"
    if MANAGES_APPLICATIONS in role.permissions:
        yield (
            f"  the role {role.name}: take {MANAGES_APPLICATIONS} away; a role that has it gets no access with OAuth "
            "2.0"
        )


def _reading(successor: Successor) -> str:
    """Return the command that takes the consumer key out of the first token's secret, unseen."""
    record = successor.records[0]
    assert isinstance(record.format, Format)  # noqa: S101 - a token's
    key, aws, vault = record.format.consumer_key, record.stores.aws, record.stores.vault
    if aws is not None:
        profile = f" --profile {aws.profile}" if aws.profile else ""
        read = (
            f"aws secretsmanager get-secret-value --region {aws.region}{profile} --secret-id "
            f"{aws.prefix}{record.secret} --query SecretString --output text | jq -r .{key}"
        )
    else:
        assert vault is not None  # noqa: S101 - an environment has a store
        read = f"vault kv get -mount={vault.mount} -field={key} {vault.prefix}{record.secret}"
    return f'export {successor.variable}="$({read})"'


def _steps(environment: str, successor: Successor) -> Iterator[str]:
    name, file = successor.integration.name, f"stacks/{environment}.yaml"
    uploads = [f"tba certificate {environment} {one} > {one}.pem" for one in successor.certificates]
    moves = [f"{old} -> {new}" for old, new in successor.secrets.items()]
    steps = (
        (
            "pulumi up",
            "It makes the keys, and ends with an error: each certificate waits for its upload.",
        ),
        ("\n     ".join(uploads), f"Upload what it prints: {M2M_PAGE}."),
        ("pulumi up", "It proves each by an access token and calls with it, and makes it current."),
        (
            "Let the programs read the new secrets, and watch them (docs/readers.md):",
            "\n     ".join(moves),
        ),
        (
            f"Take the integration {name} out of {file}, then: pulumi up",
            "It deletes the secrets of its tokens, like those of any token that is taken out.",
        ),
        (
            "Revoke its tokens in NetSuite: Setup > Users/Roles > Access Tokens.",
            "Then clear the boxes of Token-based Authentication on the integration record.",
        ),
    )
    yield "Then, in this order:"
    for number, (first, second) in enumerate(steps, start=1):
        yield f"  {number}. {first}"
        yield f"     {second}"


def _undone(environment: str, successor: Successor) -> Iterator[str]:
    yield "Every step can be undone until the last:"
    yield (
        f"  before step 5, take {successor.name} out of stacks/{environment}.yaml again, run `pulumi up`, and revoke "
        "its certificates in NetSuite"
    )
    yield "  after it, put the integration back, with `restore: true` at its tokens, and run `pulumi up`"
    yield "  a token that is revoked does not come back"
