"""What an AWS call that failed means: how it is handled, and the words for it.

The words are made from the action, the secret, the region, the key and the error's code. The service's own message, its
answer and the text of an SDK exception are never used: a proxy may echo the request, and the request holds the value.
Codes: the API references of Secrets Manager and STS, "Errors" of each operation and "Common Errors".
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError


class AwsOutcome(Enum):
    """What a failed call tells of the store."""

    ABSENT = "the secret or the version does not exist"
    REFUSED = "nothing was done, because of the state that the secret is in or of the request"
    DENIED = "nothing was done, and asking again is no use"
    UNKNOWN = "it may have been done: read back"


@dataclass(frozen=True)
class AwsRequest:
    """What was asked of AWS, for messages."""

    action: str
    """The IAM action: `secretsmanager:PutSecretValue`."""
    subject: str
    """What it was asked for: `the secret netsuite/a in us-east-1`."""
    region: str
    kms_key: str
    endpoint: str


class AwsFailure(Exception):  # noqa: N818 - becomes a StoreError at the boundary of the store
    """A call that failed: never leaves the AWS store."""

    def __init__(
        self, outcome: AwsOutcome, error: StoreError, code: str = "", retried: bool = False
    ) -> None:
        super().__init__(error.what)
        self.outcome = outcome
        self.error = error
        self.code = code
        self.retried = retried
        """The SDK asked more than once: an earlier attempt, whose reply was lost, may have been carried out."""

    @property
    def not_done(self) -> bool:
        """Whether it is certain that nothing was done."""
        return self.outcome is not AwsOutcome.UNKNOWN and not self.retried


@dataclass(frozen=True)
class _AwsMeaning:
    """One line of the tables below; the texts are formatted with the fields of `AwsRequest` and `code`."""

    outcome: AwsOutcome
    error: type[StoreError]
    what: str
    remedy: str


_SIGN_IN = (
    "sign in again (`aws sso login`, a new session token, or the CI system's role); "
    "`aws sts get-caller-identity` must work with the same profile and environment"
)
_NO_CREDENTIALS = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "no usable AWS credentials were found for {action} ({code})",
    "set `store.aws.profile`, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or sign in with `aws sso login`",
)
_NOT_FETCHED = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "the AWS credentials could not be fetched ({code}): the `credential_process` of the profile fails or prints no "
    "JSON, or the role of the container or instance does not answer",
    "see what `aws sts get-caller-identity` says with the same profile and environment",
)
_BAD_PROFILE = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "the AWS profile is not whole ({code}): its `source_profile` is missing, has no credentials or leads back to "
    "itself, or a setting for SSO is missing",
    "correct the profile in ~/.aws/config, or in the file that AWS_CONFIG_FILE names; `aws configure list-profiles` "
    "shows the profiles",
)
_EXPIRED = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "the AWS credentials have expired: {action} on {subject} was refused ({code})",
    _SIGN_IN,
)
_UNKNOWN_KEY = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "AWS does not accept the access key or its signature: {action} on {subject} was refused ({code})",
    "check the access key, its secret key and the session token, and this machine's clock; "
    "`aws sts get-caller-identity` must work with the same profile and environment",
)
_DENIED = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "AWS denies {action} on {subject} ({code})",
    "allow {action} on it in the IAM policy of the identity in use; a resource policy, a permissions "
    "boundary or a service control policy may deny it as well",
)
_KMS_DENIED = _AwsMeaning(
    AwsOutcome.DENIED,
    AccessDeniedError,
    "AWS denies the use of the KMS key {kms_key} for {action} on {subject} ({code})",
    "allow kms:GenerateDataKey and kms:Decrypt on the key, in the key policy as well as in the IAM policy",
)
_KMS = _AwsMeaning(
    AwsOutcome.DENIED,
    StoreError,
    "the KMS key {kms_key} cannot be used for {action} on {subject} ({code})",
    "check that the key exists in {region} and is enabled, and that kms:GenerateDataKey and "
    "kms:Decrypt are allowed on it",
)
_THROTTLED = _AwsMeaning(
    AwsOutcome.UNKNOWN,
    StoreUnavailableError,
    "AWS still throttles {action} on {subject} after every retry ({code})",
    "lower `store.aws.writes_per_second`: the quota of 50 writes a second is the account's and "
    "region's, and others use it too; then run the command again",
)
_UNAVAILABLE = _AwsMeaning(
    AwsOutcome.UNKNOWN,
    StoreUnavailableError,
    "AWS could not be asked for {action} on {subject}, or its answer was lost ({code})",
    "check that the region exists, the network, the proxy and the endpoint {endpoint}, and run the "
    "command again: it reads back what was done before it writes",
)
_REFUSED = _AwsMeaning(
    AwsOutcome.REFUSED,
    StoreError,
    "AWS refuses {action} on {subject} in the state that it is in ({code})",
    "look at the secret in the AWS console: its versions, rotation, replicas and deletion date",
)
_INVALID = _AwsMeaning(
    AwsOutcome.REFUSED,
    StoreError,
    "AWS refuses a parameter of {action} on {subject} ({code})",
    "check the secret's name (letters, digits and /_+=.@-), the tags (50 at most, no `aws:` prefix), "
    "the description, the KMS key and the replica regions in the environment's YAML",
)

_BY_CODE: Final[dict[str, _AwsMeaning]] = {
    "ResourceNotFoundException": _AwsMeaning(
        AwsOutcome.ABSENT,
        StoreError,
        "AWS finds no such secret or version for {action} on {subject} ({code})",
        "run the command again: it reads the store anew",
    ),
    "ResourceExistsException": _AwsMeaning(
        AwsOutcome.REFUSED,
        StoreError,
        "AWS refuses {action} on {subject}: it exists already with other contents ({code})",
        "run the command again: it reads the store anew",
    ),
    "InvalidRequestException": _REFUSED,
    "InvalidParameterException": _INVALID,
    "ValidationException": _INVALID,
    "ValidationError": _INVALID,
    "LimitExceededException": _AwsMeaning(
        AwsOutcome.REFUSED,
        StoreError,
        "a quota of AWS Secrets Manager is reached: {action} on {subject} was refused ({code})",
        "a secret keeps 100 versions and all those of the last 24 hours: find what writes it so often",
    ),
    "EncryptionFailure": _KMS,
    "DecryptionFailure": _KMS,
    **dict.fromkeys(("AccessDeniedException", "AccessDenied"), _DENIED),
    **dict.fromkeys(("ExpiredTokenException", "ExpiredToken", "RequestExpired"), _EXPIRED),
    **dict.fromkeys(
        (
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignatureException",
            "IncompleteSignature",
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
        ),
        _UNKNOWN_KEY,
    ),
    **dict.fromkeys(
        (
            "ThrottlingException",
            "Throttling",
            "ThrottledException",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "SlowDown",
        ),
        _THROTTLED,
    ),
}

_BY_EXCEPTION: Final[dict[str, _AwsMeaning]] = {
    **dict.fromkeys(
        ("NoCredentialsError", "PartialCredentialsError"),
        _NO_CREDENTIALS,
    ),
    **dict.fromkeys(
        ("TokenRetrievalError", "SSOError", "UnauthorizedSSOTokenError"),
        _EXPIRED,
    ),
    **dict.fromkeys(("CredentialRetrievalError", "MetadataRetrievalError"), _NOT_FETCHED),
    **dict.fromkeys(("InvalidConfigError", "UnknownCredentialError"), _BAD_PROFILE),
    **dict.fromkeys(
        ("ConfigParseError", "ConfigNotFound"),
        _AwsMeaning(
            AwsOutcome.DENIED,
            AccessDeniedError,
            "the shared AWS configuration cannot be read ({code})",
            "correct the file that AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE names (~/.aws/config and "
            "~/.aws/credentials otherwise); `aws configure list` names the same problem",
        ),
    ),
    "UnknownRegionError": _AwsMeaning(
        AwsOutcome.DENIED,
        StoreError,
        "no AWS region is called {region} ({code})",
        "correct `store.aws.region`; a region that is newer than the SDK needs a newer botocore",
    ),
    "ProfileNotFound": _AwsMeaning(
        AwsOutcome.DENIED,
        AccessDeniedError,
        "the AWS profile does not exist in the shared configuration ({code})",
        "`aws configure list-profiles` shows the profiles; set `store.aws.profile` or AWS_PROFILE to one of them",
    ),
    "NoRegionError": _AwsMeaning(
        AwsOutcome.DENIED,
        StoreError,
        "no AWS region is set ({code})",
        "set `store.aws.region`",
    ),
    "ParamValidationError": _INVALID,
}
"""Exceptions of botocore, by the name of the class or of one that it derives from. All others are UNKNOWN."""

_CODE: Final = re.compile(r"[A-Za-z0-9.]{1,60}")


def failure_of(error: BaseException, asked: AwsRequest) -> AwsFailure:
    """Return what an exception of boto3 or botocore means.

    Args:
        error: A ClientError, which carries the answer, or anything else that the SDK raises.
        asked: The call.
    """
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _of_answer(response, asked)
    code = type(error).__name__
    names = [parent.__name__ for parent in type(error).__mro__]
    meaning = next((_BY_EXCEPTION[name] for name in names if name in _BY_EXCEPTION), _UNAVAILABLE)
    return _failure(meaning, asked, code)


def no_answer(asked: AwsRequest) -> AwsFailure:
    """Return the failure for a status 200 that is no answer of AWS: a proxy's page, or half a reply."""
    return _failure(_UNAVAILABLE, asked, "not an answer of AWS")


def _of_answer(response: dict[str, Any], asked: AwsRequest) -> AwsFailure:
    """Return what an error that AWS answered with means, by its code; by the status where the code is not known."""
    details, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code = str(details.get("Code", ""))
    code = code if _CODE.fullmatch(code) else "an unreadable error code"
    meaning = _BY_CODE.get(code)
    if meaning is None:
        transient = int(metadata.get("HTTPStatusCode", 500)) >= 500
        meaning = _UNAVAILABLE if transient else _REFUSED
    if meaning is _DENIED and "KMS" in str(details.get("Message", "")):
        meaning = _KMS_DENIED
    return _failure(meaning, asked, code, retried=bool(metadata.get("RetryAttempts", 0)))


def _failure(
    meaning: _AwsMeaning, asked: AwsRequest, code: str, retried: bool = False
) -> AwsFailure:
    words = {**asdict(asked), "code": code}
    error = meaning.error(meaning.what.format(**words), meaning.remedy.format(**words))
    return AwsFailure(meaning.outcome, error, code, retried)
