"""boto3 as a profile of the AWS configuration: `boto_roles.py PROFILE BUCKET KEY` writes an object, reads it and prints who it was."""

from __future__ import annotations

import sys

import boto3


def main(profile: str, bucket: str, key: str) -> None:
    session = boto3.Session(profile_name=profile)
    s3 = session.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"by boto3")
    if s3.get_object(Bucket=bucket, Key=key)["Body"].read() != b"by boto3":
        sys.exit("another content")
    sys.stdout.write(session.client("sts").get_caller_identity()["Arn"])


if __name__ == "__main__":
    main(*sys.argv[1:])
