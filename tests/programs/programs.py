"""The programs: what each needs, and the commands with which a person would sync a tree."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from scripts.embedded_aws import REGION
from tests.programs.kit import BUCKET, CLIENTS, ROOT, Job, Program, found

OWN = ROOT / ".venv-programs" / "bin"
CURL = Path("/usr/bin/curl")
MODULES = ROOT / ".node-programs" / "node_modules"
NODE = found("/usr/bin/node", "/usr/local/bin/node")
S3 = f"https://s3.{REGION}.amazonaws.com"
VIRTUAL = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"


def boto(kind: str) -> Program:
    def sync(job: Job) -> None:
        trust = {"AWS_CA_BUNDLE": job.way.ca_file, "SSL_CERT_FILE": job.way.ca_file}
        job.run(python, CLIENTS / "boto_sync.py", kind, job.source, job.target, BUCKET, f"{job.prefix}/", **trust)

    python = OWN / "python"
    return Program(name=f"boto3-{kind}", needs=(python,), sync=sync)


def cli(name: str, path: Path) -> Program:
    def sync(job: Job) -> None:
        # Before 2.13 the CLI does not know AWS_ENDPOINT_URL.
        endpoint = ("--endpoint-url", job.way.endpoint) if job.way.endpoint else ()
        aws = (path, *endpoint, "--ca-bundle", job.way.ca_file)
        job.run(*aws, "sts", "get-caller-identity")
        job.run(*aws, "s3", "sync", "--no-progress", job.source, job.url)
        job.run(*aws, "s3", "sync", "--no-progress", job.url, job.target)

    return Program(name=name, needs=(path,), sync=sync)


def curl(job: Job) -> None:
    """One request a file. curl signs the path as it is given, and before 7.87 does not say the body's hash, which S3 wants."""
    base = f"{job.way.endpoint}/{BUCKET}" if job.way.endpoint else VIRTUAL
    common = ["silent", "show-error", "fail-with-body", "globoff", "path-as-is", f"cacert = {job.way.ca_file}"]
    common += [f'user = "{job.key}:{job.secret}"', f'aws-sigv4 = "aws:amz:{REGION}:s3"']
    common += ['header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"']
    if job.token:
        common += [f'header = "x-amz-security-token: {job.token}"']
    paths = [path.relative_to(job.source) for path in sorted(job.source.rglob("*")) if path.is_file()]
    for option, folder in (("upload-file", job.source), ("output", job.target)):
        blocks = []
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            url = f"{base}/{quote(f'{job.prefix}/{path}', safe='/-._~')}"
            blocks.append("\n".join([*common, f"url = {_quoted(url)}", f"{option} = {_quoted(str(folder / path))}"]))
        config = job.folder / f"{option}.curl"
        config.write_text("\nnext\n".join(blocks))
        job.run(CURL, "--disable", "--config", config)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


PROGRAMS = [
    boto("plain"),
    cli("aws-cli-1", ROOT / ".venv-awscli" / "bin" / "aws"),
    cli("aws-cli-2", Path("/usr/bin/aws")),
    Program(name="curl", needs=(CURL,), sync=curl),
    boto("crt"),
]
