"""What a name, a value, a tag and a key may be."""

from __future__ import annotations

from typing import Any

from tests.simulator.aws.rules.base import MISSING, PARAMETER, REQUEST, VALIDATION, gap, made, rule
from tests.simulator.aws.support import code, read, refused


@rule
def name_or_arn_or_partial_arn(secrets: Any, name: str) -> None:
    arn = secrets.create_secret(Name=name, SecretString="one")["ARN"]
    assert read(secrets, arn) == "one"
    assert read(secrets, arn.rpartition("-")[0]) == "one"
    assert code(secrets.get_secret_value, SecretId=arn[:-1]) == MISSING


@rule
def binary_comes_back_as_it_went(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name, SecretBinary=bytes(range(256)))
    got = secrets.get_secret_value(SecretId=name)
    assert got["SecretBinary"] == bytes(range(256))
    assert "SecretString" not in got


@rule
def put_needs_a_value(secrets: Any, name: str) -> None:
    made(secrets, name)
    assert code(secrets.put_secret_value, SecretId=name) in (REQUEST, PARAMETER)


@gap("not checked")
def string_and_binary_exclude_each_other(secrets: Any, name: str) -> None:
    both = {"SecretString": "one", "SecretBinary": b"one"}
    assert code(secrets.create_secret, Name=name, **both) == PARAMETER
    made(secrets, name)
    assert code(secrets.put_secret_value, SecretId=name, **both) == PARAMETER


@gap("not checked")
def value_has_at_most_65536_bytes(secrets: Any, name: str) -> None:
    made(secrets, name, "é" * 32768)
    assert code(secrets.put_secret_value, SecretId=name, SecretString="é" * 32769) == VALIDATION
    assert code(secrets.put_secret_value, SecretId=name, SecretBinary=b"x" * 65537) == VALIDATION
    assert code(secrets.put_secret_value, SecretId=name, SecretString="") == VALIDATION


@gap("not checked")
def name_has_a_character_set(secrets: Any, name: str) -> None:
    made(secrets, f"{name}/Az09_+=.@-")
    for bad in (" ", "!", "é", "\n", ":"):
        assert code(secrets.create_secret, Name=name + bad, SecretString="one") == VALIDATION


@gap("not checked, the secret is not found")
def secret_id_has_a_character_set(secrets: Any, name: str) -> None:
    for ask in (secrets.describe_secret, secrets.get_secret_value, secrets.list_secret_version_ids):
        assert code(ask, SecretId=f"{name} ") == VALIDATION
        assert code(ask, SecretId=name) == MISSING


@gap("not checked")
def name_has_at_most_512_characters(secrets: Any, name: str) -> None:
    long = name + "x" * (512 - len(name))
    made(secrets, long)
    assert code(secrets.create_secret, Name=long + "x", SecretString="one") == VALIDATION


@rule
def tags_come_and_go(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name, Tags=[{"Key": "a", "Value": "1"}])
    secrets.tag_resource(SecretId=name, Tags=[{"Key": "b", "Value": "2"}])
    secrets.untag_resource(SecretId=name, TagKeys=["a", "never-there"])
    assert secrets.describe_secret(SecretId=name)["Tags"] == [{"Key": "b", "Value": "2"}]


@gap("not checked")
def at_most_50_tags(secrets: Any, name: str) -> None:
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    secrets.create_secret(Name=name, Tags=tags)
    one_more = [{"Key": "one-more", "Value": ""}]
    refused(secrets.tag_resource, SecretId=name, Tags=one_more)
    assert len(secrets.describe_secret(SecretId=name)["Tags"]) == 50


@gap("not checked")
def aws_tags_are_reserved(secrets: Any, name: str) -> None:
    made(secrets, name)
    refused(secrets.tag_resource, SecretId=name, Tags=[{"Key": "aws:x", "Value": ""}])
    secrets.tag_resource(SecretId=name, Tags=[{"Key": "aws", "Value": ""}])


@gap("not checked")
def tag_keys_are_unique_in_a_request(secrets: Any, name: str) -> None:
    made(secrets, name)
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    refused(secrets.tag_resource, SecretId=name, Tags=twice)


@gap("not checked")
def key_must_exist(secrets: Any, name: str) -> None:
    params = {"Name": name, "SecretString": "one"}
    got = code(secrets.create_secret, **params, KmsKeyId="alias/never-made")
    assert got == "EncryptionFailure"
    secrets.create_secret(**params, KmsKeyId="alias/netsuite")
    assert secrets.describe_secret(SecretId=name)["KmsKeyId"] == "alias/netsuite"
