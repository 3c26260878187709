"""`tba rotate --consumer`: the new consumer pair after Reset Credentials, tested and promoted token by token.

NetSuite knows no overlap for a consumer pair: Reset Credentials kills the old one at once (Oracle help, "Regenerating a
Consumer Key and Secret"). So there is a cut, and every token is promoted as soon as it passes.
"""

from __future__ import annotations

from contextlib import chdir

import typer

from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.new_tokens import read_new
from tba_secrets.engine import Engine
from tba_secrets.errors import SpecError, TbaError
from tba_secrets.provider.intents import Rotation
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.sources import open_source
from tba_secrets.spec import load_stack
from tba_secrets.stores.versions import Origin
from tba_secrets.suggestions import did_you_mean, or_else

_THE_CUT = (
    "Reset Credentials in NetSuite ends the old consumer pair of {name} at once: every call of its {count} tokens "
    "fails from then until this run has promoted the new pair. Reset it now, give its source the new pair, then go on."
)


def run(engine: Engine, integration: str, *, accept_cut: bool, verbose: bool) -> None:
    """Take the new pair from its source, test every token of the integration with it, promote what passes.

    Raises:
        TbaError: The integration is not declared or is one of OAuth 2.0, the source has no new pair, or a token did
            not pass.
        typer.Abort: The cut was not accepted.
        typer.Exit: With `Exit.PERSON` where a credential waits for a person.
    """
    declared = credential_records(load_stack(engine.project, engine.stack))
    records = tuple(record for record in declared if record.integration == integration)
    if not records:
        there = list(dict.fromkeys(record.integration for record in declared))
        raise SpecError(
            f"stacks/{engine.stack}.yaml declares no integration {integration}",
            or_else(did_you_mean(integration, there), f"take one of: {', '.join(there)}"),
        )
    _refuse_certificates(integration, records)
    engine.check_declared()  # before the person resets the pair: from then on every call fails
    typer.echo(_THE_CUT.format(name=integration, count=len(records)))
    if not accept_cut:
        typer.confirm("Go on?", abort=True)
    with chdir(engine.project):  # paths in the YAML start from there
        source = open_source(records[0].consumer_source)
        pair = read_new(source, integration, "give it the new consumer pair")
    intents = {
        record.path: Rotation(lambda _obtaining: pair, "consumer", Origin.CONSUMER)
        for record in records
    }
    if carry_out(engine, intents, "new consumer pair", verbose=verbose):
        raise typer.Exit(Exit.PERSON)


def _refuse_certificates(integration: str, records: tuple[CredentialRecord, ...]) -> None:
    """Refuse an integration of OAuth 2.0: nothing is signed with a consumer secret there."""
    if any(record.certificate is not None for record in records):
        raise TbaError(
            f"{integration} has no consumer pair: OAuth 2.0 knows it by its client id alone",
            "rotate its certificates: `tba rotate ENV NAME`; where NetSuite shows another client id, give `client:` "
            "that one and run `pulumi up`, which proves every certificate with it first",
        )
