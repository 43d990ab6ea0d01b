"""Arrow's S3 filesystem, which is AWS's SDK for C++: `arrow_sync.py SOURCE TARGET BUCKET PREFIX` brings a tree to S3 and back;
`arrow_sync.py write BUCKET KEY` writes one object and prints what went wrong. Runs in an environment of its own.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyarrow import fs

THREADS = 8


def filesystem() -> fs.S3FileSystem:
    endpoint, proxy = os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("HTTPS_PROXY")
    scheme, _, address = (endpoint or "").partition("://")
    by = {"scheme": scheme, "endpoint_override": address} if endpoint else {"tls_ca_file_path": os.environ["CA_FILE"]}
    return fs.S3FileSystem(region=os.environ["AWS_REGION"], proxy_options=proxy, **by)


def main(source: Path, target: Path, bucket: str, prefix: str) -> None:
    s3 = filesystem()
    paths = [str(path.relative_to(source)) for path in sorted(source.rglob("*")) if path.is_file()]

    def up(path: str) -> None:
        with s3.open_output_stream(f"{bucket}/{prefix}/{path}", compression=None) as file:
            file.write((source / path).read_bytes())

    def down(path: str) -> None:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        with s3.open_input_file(f"{bucket}/{prefix}/{path}") as file:
            (target / path).write_bytes(file.read())

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(up, paths))
        infos = s3.get_file_info(fs.FileSelector(f"{bucket}/{prefix}", recursive=True))
        listed = [info.path.removeprefix(f"{bucket}/{prefix}/") for info in infos if info.is_file]
        if sorted(listed) != sorted(paths):
            sys.exit(f"listed otherwise: {sorted(set(paths) ^ set(listed))}")
        list(pool.map(down, listed))


def write(bucket: str, key: str) -> None:
    try:
        with filesystem().open_output_stream(f"{bucket}/{key}") as file:
            file.write(b"hello")
    except OSError as fault:
        sys.stdout.write(f"{fault}\n")
    else:
        sys.stdout.write("written\n")


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(*sys.argv[2:])
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
