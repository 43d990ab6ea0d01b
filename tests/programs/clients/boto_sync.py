"""boto3 brings a tree to S3 and back: `boto_sync.py plain|crt SOURCE TARGET BUCKET PREFIX`. Runs in an environment of its own.

`plain` sends what is small in one request, as bytes and as a file by turns, the rest by the transfer manager; `crt` has all of
it transferred by AWS's common runtime.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

SMALL = 400_000
THREADS = 8


def main(kind: str, source: Path, target: Path, bucket: str, prefix: str) -> None:
    style = "path" if "AWS_ENDPOINT_URL" in os.environ else "auto"
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": style}, max_pool_connections=THREADS))
    transfer = TransferConfig(preferred_transfer_client="crt" if kind == "crt" else "classic")
    paths = [str(path.relative_to(source)) for path in sorted(source.rglob("*")) if path.is_file()]

    def up(numbered: tuple[int, str]) -> None:
        number, path = numbered
        where = source / path
        if kind == "crt" or where.stat().st_size > SMALL:
            s3.upload_file(str(where), bucket, prefix + path, Config=transfer)
        elif number % 2:
            s3.put_object(Bucket=bucket, Key=prefix + path, Body=where.read_bytes())
        else:
            with where.open("rb") as file:
                s3.put_object(Bucket=bucket, Key=prefix + path, Body=file, Metadata={"number": str(number)})

    def down(path: str) -> None:
        where = target / path
        where.parent.mkdir(parents=True, exist_ok=True)
        if kind == "crt" or (source / path).stat().st_size > SMALL:
            s3.download_file(bucket, prefix + path, str(where), Config=transfer)
        else:
            where.write_bytes(s3.get_object(Bucket=bucket, Key=prefix + path)["Body"].read())

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(up, enumerate(paths)))
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": 100})
        listed = [entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", [])]
        if sorted(listed) != sorted(paths):
            sys.exit(f"listed otherwise: {sorted(set(paths) ^ set(listed))}")
        list(pool.map(down, listed))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5])
