"""The shape of an environment's YAML: frozen, strict models, and the source of the JSON Schema.

Strict means that nothing is coerced: an account id that YAML reads as a number is an error, not
`"1234567"`. Every model refuses unknown keys. Rules that span records are in `rules.py`.
"""

from __future__ import annotations

from tba_secrets.spec.model.fields import (
    AccountId as AccountId,
    Address as Address,
    Email as Email,
    EnvironmentVariable as EnvironmentVariable,
    FromEnvironment as FromEnvironment,
    Model as Model,
    Name as Name,
    parse_duration as parse_duration,
)
from tba_secrets.spec.model.records import (
    BEARER_CHECKS as BEARER_CHECKS,
    LONGEST_VALIDITY as LONGEST_VALIDITY,
    MOST_ACTIVE as MOST_ACTIVE,
    MOST_USERS as MOST_USERS,
    AfterPromote as AfterPromote,
    AnyFormat as AnyFormat,
    AnyIntegration as AnyIntegration,
    BearerCheck as BearerCheck,
    BearerVerify as BearerVerify,
    Certificate as Certificate,
    CertificateFormat as CertificateFormat,
    CertificateSettings as CertificateSettings,
    Check as Check,
    Environment as Environment,
    Format as Format,
    Integration as Integration,
    OAuth2Integration as OAuth2Integration,
    ReadersCommand as ReadersCommand,
    ReadersWebhook as ReadersWebhook,
    Restlet as Restlet,
    RestletCheck as RestletCheck,
    Role as Role,
    SecretPolicy as SecretPolicy,
    Token as Token,
    User as User,
    Verify as Verify,
)
from tba_secrets.spec.model.sources import (
    ClientCommand as ClientCommand,
    ClientEnv as ClientEnv,
    ClientFile as ClientFile,
    ClientOrigin as ClientOrigin,
    ClientSource as ClientSource,
    ConsumerCommand as ConsumerCommand,
    ConsumerEnv as ConsumerEnv,
    ConsumerFile as ConsumerFile,
    ConsumerOrigin as ConsumerOrigin,
    ConsumerSource as ConsumerSource,
    KeyCommand as KeyCommand,
    KeyEnv as KeyEnv,
    KeyFile as KeyFile,
    KeyOrigin as KeyOrigin,
    KeySource as KeySource,
    TokenCommand as TokenCommand,
    TokenEnv as TokenEnv,
    TokenFile as TokenFile,
    TokenOrigin as TokenOrigin,
    TokenSource as TokenSource,
)
from tba_secrets.spec.model.stores import (
    MOST_TAGS as MOST_TAGS,
    STORE_KINDS as STORE_KINDS,
    AwsSettings as AwsSettings,
    Stores as Stores,
    VaultAppRole as VaultAppRole,
    VaultAuth as VaultAuth,
    VaultAwsIam as VaultAwsIam,
    VaultCredential as VaultCredential,
    VaultJwt as VaultJwt,
    VaultKubernetes as VaultKubernetes,
    VaultSettings as VaultSettings,
)
