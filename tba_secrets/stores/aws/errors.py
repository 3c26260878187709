"""What an AWS call that failed means: how it is handled, and the words for it.

The words are made from the action, the secret, the region, the key and the error's code.
Codes: the API references of Secrets Manager and STS, "Errors" of each operation and "Common Errors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tba_secrets.errors import StoreError
from tba_secrets.stores.failures import Meaning, Outcome, StoreFailure

_READ_ANEW: Final = "run the command again: it reads the store anew"
_DENIED: Final = Meaning(
    Outcome.DENIED,
    "AWS denies {action} on {subject} ({code})",
    "allow {action} on it in the IAM policy of the identity in use; a resource policy, a permissions "
    "boundary or a service control policy may deny it as well",
)
_KMS_DENIED: Final = Meaning(
    Outcome.DENIED,
    "AWS denies the use of the KMS key {kms_key} for {action} on {subject} ({code})",
    "allow kms:GenerateDataKey and kms:Decrypt on the key, in the key policy as well as in the IAM policy",
)
_UNAVAILABLE: Final = Meaning(
    Outcome.UNKNOWN,
    "AWS could not be asked for {action} on {subject}, or its answer was lost ({code})",
    "check that the region exists, the network, the proxy and the endpoint {endpoint}, and run the "
    "command again: it reads back what was done before it writes",
)
_REFUSED: Final = Meaning(
    Outcome.REFUSED,
    "AWS refuses {action} on {subject} in the state that it is in ({code})",
    "look at the secret in the AWS console: its versions, rotation, replicas and deletion date",
)
_INVALID: Final = Meaning(
    Outcome.REFUSED,
    "AWS refuses a parameter of {action} on {subject} ({code})",
    "check the secret's name (letters, digits and /_+=.@-), the tags (50 at most, no `aws:` prefix), "
    "the description, the KMS key and the replica regions in the environment's YAML",
)
_EXPIRED: Final = Meaning(
    Outcome.DENIED,
    "the AWS credentials have expired: {action} on {subject} was refused ({code})",
    "sign in again (`aws sso login`, a new session token, or the CI system's role); "
    "`aws sts get-caller-identity` must work with the same profile and environment",
)
_BY_CODE: Final[Mapping[str, Meaning]] = {
    "AccessDeniedException AccessDenied": _DENIED,
    "InvalidRequestException": _REFUSED,
    "InvalidParameterException ValidationException ValidationError": _INVALID,
    "ExpiredTokenException ExpiredToken RequestExpired": _EXPIRED,
    "ResourceNotFoundException": Meaning(
        Outcome.ABSENT,
        "AWS finds no such secret or version for {action} on {subject} ({code})",
        _READ_ANEW,
    ),
    "ResourceExistsException": Meaning(
        Outcome.REFUSED,
        "AWS refuses {action} on {subject}: it exists already with other contents ({code})",
        _READ_ANEW,
    ),
    "LimitExceededException": Meaning(
        Outcome.REFUSED,
        "a quota of AWS Secrets Manager is reached: {action} on {subject} was refused ({code})",
        "a secret keeps 100 versions and all those of the last 24 hours: find what writes it so often",
    ),
    "EncryptionFailure DecryptionFailure": Meaning(
        Outcome.DENIED,
        "the KMS key {kms_key} cannot be used for {action} on {subject} ({code})",
        "check that the key exists in {region} and is enabled, and that kms:GenerateDataKey and "
        "kms:Decrypt are allowed on it",
        error=StoreError,
    ),
    "ThrottlingException Throttling ThrottledException TooManyRequestsException "
    "RequestLimitExceeded SlowDown": Meaning(
        Outcome.UNKNOWN,
        "AWS still throttles {action} on {subject} after every retry ({code})",
        "lower `store.aws.writes_per_second`: the quota of 50 writes a second is the account's and "
        "region's, and others use it too; then run the command again",
    ),
    "UnrecognizedClientException InvalidClientTokenId InvalidSignatureException SignatureDoesNotMatch "
    "IncompleteSignatureException IncompleteSignature MissingAuthenticationTokenException "
    "MissingAuthenticationToken": Meaning(
        Outcome.DENIED,
        "AWS does not accept the access key or its signature: {action} on {subject} was refused ({code})",
        "check the access key, its secret key and the session token, and this machine's clock; "
        "`aws sts get-caller-identity` must work with the same profile and environment",
    ),
}
_BY_EXCEPTION: Final[Mapping[str, Meaning]] = {
    "TokenRetrievalError SSOError UnauthorizedSSOTokenError": _EXPIRED,
    "ParamValidationError": _INVALID,
    "NoCredentialsError PartialCredentialsError": Meaning(
        Outcome.DENIED,
        "no usable AWS credentials were found for {action} ({code})",
        "set `store.aws.profile`, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or sign in with `aws sso login`",
    ),
    "CredentialRetrievalError MetadataRetrievalError": Meaning(
        Outcome.DENIED,
        "the AWS credentials could not be fetched ({code}): the `credential_process` of the profile fails or prints "
        "no JSON, or the role of the container or instance does not answer",
        "see what `aws sts get-caller-identity` says with the same profile and environment",
    ),
    "InvalidConfigError UnknownCredentialError": Meaning(
        Outcome.DENIED,
        "the AWS profile is not whole ({code}): its `source_profile` is missing, has no credentials or leads back to "
        "itself, or a setting for SSO is missing",
        "correct the profile in ~/.aws/config, or in the file that AWS_CONFIG_FILE names; "
        "`aws configure list-profiles` shows the profiles",
    ),
    "ConfigParseError ConfigNotFound": Meaning(
        Outcome.DENIED,
        "the shared AWS configuration cannot be read ({code})",
        "correct the file that AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE names (~/.aws/config and "
        "~/.aws/credentials otherwise); `aws configure list` names the same problem",
    ),
    "ProfileNotFound": Meaning(
        Outcome.DENIED,
        "the AWS profile does not exist in the shared configuration ({code})",
        "`aws configure list-profiles` shows the profiles; set `store.aws.profile` or AWS_PROFILE to one of them",
    ),
    "UnknownRegionError": Meaning(
        Outcome.DENIED,
        "no AWS region is called {region} ({code})",
        "correct `store.aws.region`; a region that is newer than the SDK needs a newer botocore",
        error=StoreError,
    ),
    "NoRegionError": Meaning(
        Outcome.DENIED, "no AWS region is set ({code})", "set `store.aws.region`", error=StoreError
    ),
}
"""Exceptions of botocore, by the name of the class or of one that it derives from. All others are UNKNOWN."""
_CODE: Final = re.compile(r"[A-Za-z0-9.]{1,60}")


def failure_of(error: BaseException, asked: Mapping[str, str]) -> StoreFailure:
    """Return what an exception means: a ClientError, which carries the answer, or anything else that the SDK raises."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _of_answer(response, asked)
    names = [parent.__name__ for parent in type(error).__mro__]
    known = (_named(name, _BY_EXCEPTION) for name in names)
    return StoreFailure(next(filter(None, known), _UNAVAILABLE), {**asked, "code": names[0]})


def no_answer(asked: Mapping[str, str]) -> StoreFailure:
    """Return the failure for a status 200 that is no answer of AWS: a proxy's page, or half a reply."""
    return StoreFailure(_UNAVAILABLE, {**asked, "code": "not an answer of AWS"})


def _of_answer(response: dict[str, Any], asked: Mapping[str, str]) -> StoreFailure:
    """Return what an error that AWS answered with means, by its code; by the status where the code is not known."""
    details, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code = str(details.get("Code", ""))
    code = code if _CODE.fullmatch(code) else "an unreadable error code"
    transient = int(metadata.get("HTTPStatusCode", 500)) >= 500
    meaning = _named(code, _BY_CODE) or (_UNAVAILABLE if transient else _REFUSED)
    if meaning is _DENIED and "KMS" in str(details.get("Message", "")):
        meaning = _KMS_DENIED
    return StoreFailure(
        meaning, {**asked, "code": code}, retried=bool(metadata.get("RetryAttempts", 0))
    )


def _named(name: str, table: Mapping[str, Meaning]) -> Meaning | None:
    return next((meaning for names, meaning in table.items() if name in names.split()), None)
