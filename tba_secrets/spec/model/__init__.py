"""The shape of an environment's YAML: frozen, strict models, and the source of the JSON Schema.

Strict means that nothing is coerced: an account id that YAML reads as a number is an error, not
`"1234567"`. Every model refuses unknown keys. Rules that span records are in `rules.py`.
"""

from __future__ import annotations

from tba_secrets.spec.model.fields import AccountId as AccountId
from tba_secrets.spec.model.fields import Address as Address
from tba_secrets.spec.model.fields import Email as Email
from tba_secrets.spec.model.fields import EnvironmentVariable as EnvironmentVariable
from tba_secrets.spec.model.fields import FromEnvironment as FromEnvironment
from tba_secrets.spec.model.fields import Model as Model
from tba_secrets.spec.model.fields import Name as Name
from tba_secrets.spec.model.fields import parse_duration as parse_duration
from tba_secrets.spec.model.records import LONGEST_VALIDITY as LONGEST_VALIDITY
from tba_secrets.spec.model.records import MOST_ACTIVE as MOST_ACTIVE
from tba_secrets.spec.model.records import MOST_USERS as MOST_USERS
from tba_secrets.spec.model.records import AfterPromote as AfterPromote
from tba_secrets.spec.model.records import AnyFormat as AnyFormat
from tba_secrets.spec.model.records import AnyIntegration as AnyIntegration
from tba_secrets.spec.model.records import BearerCheck as BearerCheck
from tba_secrets.spec.model.records import BearerVerify as BearerVerify
from tba_secrets.spec.model.records import Certificate as Certificate
from tba_secrets.spec.model.records import CertificateFormat as CertificateFormat
from tba_secrets.spec.model.records import CertificateSettings as CertificateSettings
from tba_secrets.spec.model.records import Check as Check
from tba_secrets.spec.model.records import Environment as Environment
from tba_secrets.spec.model.records import Format as Format
from tba_secrets.spec.model.records import Integration as Integration
from tba_secrets.spec.model.records import OAuth2Integration as OAuth2Integration
from tba_secrets.spec.model.records import ReadersCommand as ReadersCommand
from tba_secrets.spec.model.records import ReadersWebhook as ReadersWebhook
from tba_secrets.spec.model.records import Restlet as Restlet
from tba_secrets.spec.model.records import RestletCheck as RestletCheck
from tba_secrets.spec.model.records import Role as Role
from tba_secrets.spec.model.records import SecretPolicy as SecretPolicy
from tba_secrets.spec.model.records import Token as Token
from tba_secrets.spec.model.records import User as User
from tba_secrets.spec.model.records import Verify as Verify
from tba_secrets.spec.model.sources import ClientCommand as ClientCommand
from tba_secrets.spec.model.sources import ClientEnv as ClientEnv
from tba_secrets.spec.model.sources import ClientFile as ClientFile
from tba_secrets.spec.model.sources import ClientOrigin as ClientOrigin
from tba_secrets.spec.model.sources import ClientSource as ClientSource
from tba_secrets.spec.model.sources import ConsumerCommand as ConsumerCommand
from tba_secrets.spec.model.sources import ConsumerEnv as ConsumerEnv
from tba_secrets.spec.model.sources import ConsumerFile as ConsumerFile
from tba_secrets.spec.model.sources import ConsumerOrigin as ConsumerOrigin
from tba_secrets.spec.model.sources import ConsumerSource as ConsumerSource
from tba_secrets.spec.model.sources import KeyCommand as KeyCommand
from tba_secrets.spec.model.sources import KeyEnv as KeyEnv
from tba_secrets.spec.model.sources import KeyFile as KeyFile
from tba_secrets.spec.model.sources import KeyOrigin as KeyOrigin
from tba_secrets.spec.model.sources import KeySource as KeySource
from tba_secrets.spec.model.sources import TokenCommand as TokenCommand
from tba_secrets.spec.model.sources import TokenEnv as TokenEnv
from tba_secrets.spec.model.sources import TokenFile as TokenFile
from tba_secrets.spec.model.sources import TokenOrigin as TokenOrigin
from tba_secrets.spec.model.sources import TokenSource as TokenSource
from tba_secrets.spec.model.stores import MOST_TAGS as MOST_TAGS
from tba_secrets.spec.model.stores import STORE_KINDS as STORE_KINDS
from tba_secrets.spec.model.stores import AwsSettings as AwsSettings
from tba_secrets.spec.model.stores import Stores as Stores
from tba_secrets.spec.model.stores import VaultAppRole as VaultAppRole
from tba_secrets.spec.model.stores import VaultAuth as VaultAuth
from tba_secrets.spec.model.stores import VaultAwsIam as VaultAwsIam
from tba_secrets.spec.model.stores import VaultCredential as VaultCredential
from tba_secrets.spec.model.stores import VaultJwt as VaultJwt
from tba_secrets.spec.model.stores import VaultKubernetes as VaultKubernetes
from tba_secrets.spec.model.stores import VaultSettings as VaultSettings
