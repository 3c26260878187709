# ruff: noqa: N818 - the class names are AWS's codes, letter for letter
"""AWS error answers: code, HTTP status and wording.

The codes are the exception shapes of the Secrets Manager API reference ("Errors" of each operation)
and its "Common Errors" page. Every modelled client error is HTTP 400, ResourceNotFoundException
included. The wording is what the service is known to send, or else the sentence of the exception
shape. No message carries a secret value.
"""

from __future__ import annotations

from typing import ClassVar


class AwsError(Exception):
    """An error answer. `code`, the class's name, is sent as `__type`, `status` as the HTTP status."""

    code: ClassVar[str]
    status: ClassVar[int] = 400
    default: ClassVar[str] = "An error occurred on the server side."

    def __init_subclass__(cls) -> None:
        cls.code = cls.__name__

    def __init__(self, message: str | None = None) -> None:
        self.message = self.default if message is None else message
        super().__init__(f"{self.code}: {self.message}")


class InternalServiceError(AwsError):
    """Common Errors: the only retryable error besides throttling."""

    status = 500


class ResourceNotFoundException(AwsError):
    """No such secret, version or label. HTTP 400 on the real service, not 404."""

    default = "Secrets Manager can't find the specified secret."


class ResourceExistsException(AwsError):
    """The name is taken, or the version id is taken with other data."""

    default = "A resource with the ID you requested already exists."


class InvalidRequestException(AwsError):
    """The parameter is not valid for the current state of the resource."""


class InvalidParameterException(AwsError):
    """The parameter name or value is invalid."""


class ValidationException(AwsError):
    """Common Errors: the input fails to satisfy the constraints specified by the service."""


class InvalidNextTokenException(AwsError):
    """A NextToken that this service did not issue."""

    default = "The NextToken value is invalid."


class LimitExceededException(AwsError):
    """A quota of Secrets Manager would be exceeded."""


class EncryptionFailure(AwsError):
    """KMS cannot encrypt with the key."""

    default = (
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. "
        "Check that the KMS key is available, enabled, and not in an invalid state."
    )


class DecryptionFailure(AwsError):
    """KMS cannot decrypt with the key."""

    default = "Secrets Manager can't decrypt the protected secret text using the provided KMS key."


class MalformedPolicyDocumentException(AwsError):
    """The resource policy is not a JSON object."""

    default = "This resource policy contains invalid JSON."


class PublicPolicyException(AwsError):
    """BlockPublicPolicy is true and the policy grants broad access."""

    default = "You cannot include a wildcard in the Principal element of a resource policy."


class ThrottlingException(AwsError):
    """Common Errors: the request was denied due to request throttling."""

    default = "Rate exceeded"


class AccessDeniedException(AwsError):
    """Common Errors: you do not have sufficient access to perform this action."""


class UnrecognizedClientException(AwsError):
    """Common Errors: the access key id or the security token is unknown."""

    default = "The security token included in the request is invalid."


class ExpiredTokenException(AwsError):
    """Common Errors: the temporary credentials have expired."""

    default = "The security token included in the request is expired"


class MissingAuthenticationTokenException(AwsError):
    """Common Errors: no signature at all."""

    default = "Missing Authentication Token"


class IncompleteSignatureException(AwsError):
    """Common Errors: the Authorization header lacks a part of Signature Version 4."""

    default = (
        "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters."
    )


class InvalidSignatureException(AwsError):
    """The credential scope names another service."""

    default = "Credential should be scoped to correct service."


class UnknownOperationException(AwsError):
    """X-Amz-Target names no operation, or one that this simulator lacks."""


class SerializationException(AwsError):
    """The request body is not a JSON object."""

    default = "The request body is not a JSON object."
