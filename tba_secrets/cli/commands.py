"""Register every command of `tba`; each command's own module is imported when it runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tba_secrets.cli import app
from tba_secrets.cli.stack_names import stack_name, stack_names
from tba_secrets.suggestions import did_you_mean, or_else

Project = Annotated[
    Path, typer.Option(is_eager=True, help="The folder that holds Pulumi.yaml and stacks/.")
]
Method = Annotated[str, typer.Argument(help="GET, POST, ...")]
Record = Annotated[
    str | None,
    typer.Option(
        help="INTEGRATION/TOKEN whose current credential signs; default: the four TBA_ variables."
    ),
]
Stack = Annotated[
    str | None, typer.Option(callback=stack_name, help="The stack that declares --record.")
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account", "--realm", help="The account id (realm); default: the record's or the URL's."
    ),
]
Form = Annotated[
    list[str] | None,
    typer.Option(help="NAME=VALUE of a form body, which is also signed. Repeatable."),
]

Environment = Annotated[
    str, typer.Argument(metavar="ENV", callback=stack_name, help="The stack's name.")
]
Tokens = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TOKEN]...", help="INTEGRATION/TOKEN or TOKEN."),
]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over",
        help="Cancel the update that holds the stack's lock: you are sure that it is dead.",
    ),
]

Word = TypeVar("Word", bound=StrEnum)


def _one_of(kind: type[Word], given: str | None, option: str) -> Word | None:
    """Return the word that an option gives; None if it is not given.

    Raises:
        typer.BadParameter: It is none of the known words.
    """
    if given is None or given in list(kind):
        return None if given is None else kind(given)
    rule = f"write one of {', '.join(kind)}"
    raise typer.BadParameter(or_else(did_you_mean(given, kind), rule), param_hint=option)


Verbose = Annotated[bool, typer.Option("--verbose", help="Show each step, on standard error.")]


@app.command()
def init(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The new stack's name.")
    ] = None,
    auth: Annotated[
        str | None,
        typer.Option(
            help="tba for tokens, or oauth2 for certificates (docs/oauth2.md); default: tba."
        ),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The NetSuite account id, for example 1234567_SB1.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="aws or vault.")] = None,
    region: Annotated[str | None, typer.Option(help="AWS: the region.")] = None,
    aws_account: Annotated[
        str | None, typer.Option(help="AWS: the account id to require; default: any.")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Vault: https://HOST:PORT.")] = None,
    mount: Annotated[str | None, typer.Option(help="Vault: the KV mount; default: secret.")] = None,
    prefix: Annotated[
        str | None, typer.Option(help="The prefix of the secrets' names; default: netsuite/ENV/.")
    ] = None,
    integration: Annotated[str | None, typer.Option(help="The integration's name.")] = None,
    role: Annotated[
        str | None, typer.Option(help="The integration's role, as NetSuite shows it.")
    ] = None,
    role_id: Annotated[str | None, typer.Option(help="OAuth 2.0: that role's internal id.")] = None,
    user: Annotated[
        str | None, typer.Option(help="The e-mail address of the user it acts as.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="OAuth 2.0: that user's internal id.")] = None,
    token: Annotated[
        str | None, typer.Option(help="TBA: the token's name; default: INTEGRATION-token.")
    ] = None,
    certificate: Annotated[
        str | None,
        typer.Option(help="OAuth 2.0: the certificate's name; default: INTEGRATION-certificate."),
    ] = None,
    consumer_key_env: Annotated[
        str | None,
        typer.Option(
            help="TBA: the variable with the consumer key; default: named after the integration."
        ),
    ] = None,
    consumer_secret_env: Annotated[
        str | None, typer.Option(help="TBA: the variable with the consumer secret.")
    ] = None,
    token_id_env: Annotated[
        str | None,
        typer.Option(help="TBA: the variable with the token id; default: named after the token."),
    ] = None,
    token_secret_env: Annotated[
        str | None, typer.Option(help="TBA: the variable with the token secret.")
    ] = None,
    client_id_env: Annotated[
        str | None,
        typer.Option(
            help="OAuth 2.0: the variable with the client id; default: named after the integration."
        ),
    ] = None,
    ci: Annotated[
        str | None,
        typer.Option(
            metavar="FORGE",
            help="github or gitlab: write its pipeline too; without ENV, for the environments there.",
        ),
    ] = None,
    project: Project = Path(),
) -> None:
    """Write a new, commented environment and, in an empty folder, the whole repository around it.

    On a terminal it asks for what the flags leave open. It overwrites nothing and asks for no secret value.
    """
    from tba_secrets.cli.init import run

    given = {
        "auth": auth,
        "account": account,
        "store": store,
        "region": region,
        "aws_account": aws_account,
        "address": address,
        "mount": mount,
        "prefix": prefix,
        "integration": integration,
        "role": role,
        "role_id": role_id,
        "user": user,
        "entity": entity,
        "token": token,
        "certificate": certificate,
        "consumer_key": consumer_key_env,
        "consumer_secret": consumer_secret_env,
        "token_id": token_id_env,
        "token_secret": token_secret_env,
        "client_id": client_id_env,
    }
    run(project, environment, given, ci)


@app.command("import")
def import_(
    environment: Environment,
    secrets: Annotated[
        list[str] | None,
        typer.Argument(metavar="SECRET", help="Names in the store; default: all under the prefix."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The NetSuite account id, for example 1234567_SB1.")
    ] = None,
    aws: Annotated[
        str | None, typer.Option(metavar="REGION", help="The secrets are in AWS Secrets Manager.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="AWS: a profile of the shared configuration.")
    ] = None,
    role_arn: Annotated[str | None, typer.Option(help="AWS: a role to assume.")] = None,
    vault: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The secrets are in Vault; VAULT_TOKEN logs in."),
    ] = None,
    mount: Annotated[str | None, typer.Option(help="Vault: the KV mount; default: secret.")] = None,
    prefix: Annotated[
        str | None, typer.Option(help="The prefix of the secrets' names: netsuite/prod/.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="One address for all NetSuite services, for example a proxy's."),
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SECRET=EMAIL",
            help="The user that a token acts as, which NetSuite does not reveal.",
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask NetSuite.")] = False,
    project: Project = Path(),
) -> None:
    """Write the YAML for credentials that a store already has; `pulumi up` takes them over unchanged.

    It reads the store, asks NetSuite once for each token whose it is, and writes to neither.
    If stacks/ENV.yaml exists, it fixes account and store, and the new part is printed.

    Exit codes: 0 done; 1 a secret cannot be imported, or NetSuite could not be asked; 2 usage;
    3 a login was refused; 4 an answer does not identify a token.
    """
    from tba_secrets.cli.import_ import ImportRequest, run

    flags = {
        "account": account,
        "aws": aws,
        "profile": profile,
        "role-arn": role_arn,
        "vault": vault,
        "mount": mount,
        "prefix": prefix,
        "endpoint": endpoint,
    }
    run(
        project,
        ImportRequest(environment, tuple(secrets or ()), flags, tuple(user or ()), offline),
    )


@app.command()
def check(
    environments: Annotated[
        list[str] | None,
        typer.Argument(callback=stack_names, help="Stack names; default: all of stacks/."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A report for programs.")] = False,
    project: Project = Path(),
) -> None:
    """Find every mistake in the environments' YAML, offline. Exit codes: 0 none; 1 some."""
    from tba_secrets.cli.check import run

    run(project, environments or [], as_json=as_json)


@app.command()
def doctor(
    environment: Annotated[
        str | None,
        typer.Argument(
            metavar="ENV",
            callback=stack_name,
            help="A stack's name; default: check only this machine.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A report for programs.")] = False,
    project: Project = Path(),
) -> None:
    """Check everything that `up` needs, and show what is wrong and how to fix it.

    It changes nothing and never logs in to NetSuite.

    Exit codes: 0 nothing is wrong; 1 something is wrong.
    """
    from tba_secrets.cli.doctor import run

    run(project.resolve(), environment, as_json=as_json)


@app.command()
def up(
    environments: Annotated[
        list[str] | None, typer.Argument(metavar="ENV", callback=stack_names, help="Stack names.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of stacks/.")] = False,
    parallel: Annotated[int, typer.Option(min=1, max=16, help="How many stacks at once.")] = 2,
    take_over: TakeOver = False,
    verbose: Verbose = False,
    as_json: Annotated[bool, typer.Option("--json", help="A report for programs.")] = False,
    project: Project = Path(),
) -> None:
    """Run `pulumi up` for several environments, and report once. One that fails does not stop the others.

    The YAML of all of them is checked before the first one starts. Stacks are made by `pulumi stack init`, not here.
    Exit codes: 0 done, or nothing to do; 1 an environment failed; 2 usage; 5 a certificate waits for a person to
    upload it; 130 interrupted.
    """
    from tba_secrets.cli.up import run

    if everything == bool(environments):
        raise typer.BadParameter("name the environments, or take all of stacks/ with --all")
    run(
        project.resolve(),
        environments or [],
        parallel=parallel,
        take_over=take_over,
        verbose=verbose,
        as_json=as_json,
    )


@app.command()
def roles(
    environment: Environment,
    sdf: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder to write, which holds nothing else.")
    ],
    project: Project = Path(),
) -> None:
    """Write the declared roles as a project that the SuiteCloud CLI can deploy, and validate it. Offline.

    A later run rewrites its own files; a folder with other files is refused.
    """
    from tba_secrets.cli.roles import run

    run(project, environment, sdf)


@app.command()
def checklist(
    environment: Environment,
    format: Annotated[
        str | None,
        typer.Option(help="text, markdown or html; default: by FILE's ending, or text."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file instead of stdout.")
    ] = None,
    project: Project = Path(),
) -> None:
    """List what to click in NetSuite for an environment, ticking off what signed checks have shown.

    It reads the YAML and state, and does not contact NetSuite. Open lines are not a failure: the exit code is 0.
    """
    from tba_secrets.cli.checklist import ChecklistFormat, run

    run(project.resolve(), environment, _one_of(ChecklistFormat, format, "--format"), output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of an environment's YAML, for editors."""
    from tba_secrets.cli.schema import run

    run()


@app.command()
def simulator(
    config: Annotated[Path, typer.Option(help="The accounts to simulate: YAML or JSON.")],
    port: Annotated[int, typer.Option(help="0 takes a free port and prints it.")] = 0,
    now: Annotated[
        int | None, typer.Option(help="Epoch seconds at which its clock starts.")
    ] = None,
) -> None:
    """Serve a NetSuite simulator; the first line it prints is its address."""
    from tba_secrets.simulator import serve

    serve(config, port, now)


@app.command()
def demo(
    project: Project = Path(),
    store: Annotated[str, typer.Option(help="aws or vault.")] = "aws",
    auth: Annotated[
        str, typer.Option(help="tba; or oauth2: certificates, and the way there from TBA.")
    ] = "tba",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the servers running at the end.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the servers that --keep left running.")
    ] = False,
) -> None:
    """Run the whole job on this machine: provision, prove, rotate, refuse, roll back, retire; or migrate."""
    from tba_secrets.cli.demo import run

    run(project.resolve(), store=store, auth=auth, keep=keep, stop=stop)


@app.command()
def sign(
    method: Method,
    url: Annotated[str, typer.Argument(help="The whole URL, including the query.")],
    soap: Annotated[
        bool, typer.Option("--soap", help="Print the TokenPassport of a SOAP call instead.")
    ] = False,
    nonce: Annotated[
        str | None, typer.Option(help="6 to 64 letters and digits; default: random.")
    ] = None,
    timestamp: Annotated[
        int | None, typer.Option(min=1, help="Epoch seconds; default: now.")
    ] = None,
    form: Form = None,
    account: Account = None,
    record: Record = None,
    env: Stack = None,
    project: Project = Path(),
) -> None:
    """Print the Authorization header of one NetSuite call.

    It signs with TBA_CONSUMER_KEY, TBA_CONSUMER_SECRET, TBA_TOKEN_ID and TBA_TOKEN_SECRET, or with the stored
    credential of --record. For five minutes the output is as secret as a password.
    """
    from tba_secrets.cli.sign import Whose, run

    run(
        method,
        url,
        Whose(record, env, project, account),
        soap_passport=soap,
        nonce=nonce,
        timestamp=timestamp,
        form=form or [],
    )


@app.command()
def request(
    method: Method,
    url: Annotated[
        str, typer.Argument(help="The whole URL; or the path alone, on the record's account.")
    ],
    record: Record = None,
    env: Stack = None,
    account: Account = None,
    json: Annotated[str | None, typer.Option(help="A JSON body; it is not signed.")] = None,
    form: Form = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value'. Repeatable.")] = None,
    project: Project = Path(),
) -> None:
    """Send one signed call and show it as curl -v would, without a secret; the body goes to stdout.

    Exit codes: 0 accepted; 1 not asked, or no answer; 2 usage; 3 the login was refused; 4 any other failure.
    """
    from tba_secrets.cli.request import RequestBody, run
    from tba_secrets.cli.sign import Whose

    run(
        method,
        url,
        Whose(record, env, project, account),
        RequestBody(json, form or [], header or []),
    )


@app.command()
def verify(
    environment: Environment,
    tokens: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOKEN]...", help="INTEGRATION/TOKEN or TOKEN; all where absent."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A report for programs.")] = False,
    account_probe: Annotated[
        bool,
        typer.Option(help="Settle with the account what docs/simulator.md lists as inferred."),
    ] = False,
    point: Annotated[
        list[int] | None, typer.Option(help="Only this point of the probe. Repeatable.")
    ] = None,
    allow_refused_logins: Annotated[
        int, typer.Option(min=0, max=3, help="How many the probe may cause; five lock a user out.")
    ] = 0,
    probe_restlet: Annotated[
        str | None, typer.Option(help="SCRIPT/DEPLOY that the probe may post to.")
    ] = None,
    project: Project = Path(),
) -> None:
    """Run the declared checks on what readers get now; writes nothing.

    Exit codes: 0 all proven; 1 something could not be asked; 2 usage; 3 a login was refused; 4 an answer is not the
    declared one.
    """
    if account_probe:
        from tba_secrets.cli import account_probe as probing

        wish = probing.Wish(frozenset(point or []), allow_refused_logins, probe_restlet)
        probing.run(project, environment, tokens or [], wish, as_json=as_json)
        return
    from tba_secrets.cli.verify import run

    run(project, environment, tokens or [], as_json=as_json)


@app.command()
def status(
    environments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENV", callback=stack_names, help="Stack names; default: all of stacks/."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    format: Annotated[
        str | None,
        typer.Option(
            help="text, json, openmetrics or markdown; default: by FILE's ending, or text."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file instead of stdout.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one self-contained page.")
    ] = None,
    notify_env: Annotated[
        str | None,
        typer.Option(
            metavar="VARIABLE",
            help="Tell the webhook whose URL is in this variable what is due, fails or waits.",
        ),
    ] = None,
    notify_as: Annotated[
        str | None,
        typer.Option(metavar="SHAPE", help="slack, teams or json; default: by the URL's host."),
    ] = None,
    notify_key_env: Annotated[
        str | None,
        typer.Option(metavar="VARIABLE", help="The variable with the key that signs what is sent."),
    ] = None,
    project: Project = Path(),
) -> None:
    """Report every token's age and due date, proof, versions and drift, and what is left to do.

    It reads state and stores, and does not contact NetSuite.

    Exit codes, the worst of all tokens:

    \b
     0  well: proven, current in every store, within its policy
    10  due soon: the due date or a certificate's end is within warn_before, or the age is not known
    11  overdue: rotate_every is over
    12  attention: drift, a pending candidate, or work for a person
    13  failing: the last update failed, no credential, it cannot be read, a certificate ran out
     1  another error; or all is well, and the webhook did not take the message
     2  the command line is wrong
    """  # noqa: D301 - click's mark for a block that is not wrapped
    from tba_secrets.cli.notify import MessageShape, notify_wish
    from tba_secrets.cli.status import StatusFormat, run

    chosen = _one_of(StatusFormat, format, "--format")
    if as_json and chosen not in (None, StatusFormat.JSON):
        raise typer.BadParameter("take one of --json and --format")
    chosen = StatusFormat.JSON if as_json else chosen
    shape = _one_of(MessageShape, notify_as, "--notify-as")
    wish = notify_wish(notify_env, shape, notify_key_env)
    run(project.resolve(), environments or [], chosen, output, html, wish)


@app.command()
def explain(
    detail: Annotated[
        list[str] | None, typer.Argument(help="Details of NetSuite's Login Audit Trail.")
    ] = None,
    request: Annotated[
        list[Path] | None,
        typer.Option(
            help="A refused request as `curl -v` shows it, or a SOAP envelope. Repeatable."
        ),
    ] = None,
) -> None:
    """Explain a Detail of the Login Audit Trail, or what is wrong with a refused request. Offline."""
    from tba_secrets.cli.explain import run

    run(detail or [], request or [])


@app.command()
def rotate(
    environment: Environment,
    tokens: Tokens = None,
    prompt: Annotated[bool, typer.Option("--prompt", help="Type the new token, unseen.")] = False,
    authorize: Annotated[
        bool, typer.Option("--authorize", help="Have NetSuite issue one: its consent page opens.")
    ] = False,
    browser: Annotated[
        bool, typer.Option(help="Open the consent page; else its address is printed.")
    ] = True,
    consumer: Annotated[
        str | None, typer.Option(help="An integration whose consumer pair was reset.")
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="What is due by its policy, unattended.")
    ] = False,
    accept_cut: Annotated[
        bool, typer.Option("--accept-cut", help="Do not ask: a consumer pair has no overlap.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Take a token that was superseded before.")
    ] = False,
    new: Annotated[
        bool,
        typer.Option(
            "--new", help="Make another key, even where a certificate waits for its upload."
        ),
    ] = False,
    take_over: TakeOver = False,
    verbose: Verbose = False,
    project: Project = Path(),
) -> None:
    """Bring a new token in: staged, proven, then current. Its source gives it where nothing else is said.

    It runs `pulumi up` on the same stack, for these tokens alone; a plain `pulumi up` afterwards has nothing to do.
    Tokens that an earlier rotation superseded are revoked where their overlap is over.

    Exit codes: 0 done; 1 not every record succeeded; 2 usage; 5 a certificate waits for
    its upload, or with --due a token for a person; 130 interrupted.
    """
    if prompt and authorize:
        raise typer.BadParameter("take one of --prompt and --authorize")
    if [bool(tokens), consumer is not None, due].count(True) != 1:
        raise typer.BadParameter(
            "name the tokens to rotate; or an integration with --consumer; or --due"
        )
    from tba_secrets.engine import Engine

    engine = Engine(project.resolve(), environment, take_over=take_over)
    if due:
        from tba_secrets.cli.rotate_due import run as rotate_due

        rotate_due(engine, verbose=verbose)
        return
    if consumer is not None:
        from tba_secrets.cli.consumer import run as rotate_consumer

        rotate_consumer(engine, consumer, accept_cut=accept_cut, verbose=verbose)
        return
    from tba_secrets.cli.rotate import From, run

    origin = From.PROMPT if prompt else From.AUTHORIZE if authorize else From.DECLARED
    run(engine, tokens or [], origin, browser=browser, again=again, new=new, verbose=verbose)


@app.command()
def certificate(
    environment: Environment,
    name: Annotated[str, typer.Argument(help="INTEGRATION/CERTIFICATE or CERTIFICATE.")],
    project: Project = Path(),
) -> None:
    """Print a certificate, which is public, as NetSuite wants it uploaded: the one that waits, or else the current one.

    The id, for which user and role, and where to upload it go to standard error.
    """
    from tba_secrets.cli.certificate import run

    run(project, environment, name)


@app.command()
def migrate(
    environment: Environment,
    integration: Annotated[str, typer.Argument(help="An integration that uses TBA.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the change and the steps.")
    ] = False,
    project: Project = Path(),
) -> None:
    """Write the OAuth 2.0 integration beside a TBA one, and list the steps until TBA can go.

    It changes the environment's YAML alone, shows how, and asks for no secret value. For ids that the YAML does not
    declare it asks NetSuite once for each token.
    """
    from tba_secrets.cli.migrate import run

    run(project, environment, integration, dry_run=dry_run)


@app.command()
def retire(
    environment: Environment,
    tokens: Tokens = None,
    now: Annotated[bool, typer.Option("--now", help="Also what is still in its overlap.")] = False,
    by_hand: Annotated[
        bool,
        typer.Option("--by-hand", help="You have revoked in NetSuite what was left for a person."),
    ] = False,
    take_over: TakeOver = False,
    verbose: Verbose = False,
    project: Project = Path(),
) -> None:
    """Revoke superseded tokens whose overlap is over, and prove that the current ones still work.

    Exit codes: 0 done, or nothing is due; 1 not every record succeeded; 5 a token is left for
    a person to revoke; 130 interrupted.
    """
    from tba_secrets.cli.retire import run
    from tba_secrets.engine import Engine

    if by_hand and not tokens:
        raise typer.BadParameter("name the tokens that you have revoked by hand")
    engine = Engine(project.resolve(), environment, take_over=take_over)
    run(engine, tokens or [], now=now, by_hand=by_hand, verbose=verbose)


@app.command()
def rollback(
    environment: Environment,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="INTEGRATION/TOKEN or TOKEN.")],
    take_over: TakeOver = False,
    verbose: Verbose = False,
    project: Project = Path(),
) -> None:
    """Make what was current before current again, tested before and after."""
    from tba_secrets.cli.rollback import run
    from tba_secrets.engine import Engine

    run(Engine(project.resolve(), environment, take_over=take_over), token, verbose=verbose)
