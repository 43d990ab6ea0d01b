"""The programs: what each needs, and the commands with which a person would sync a tree."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from scripts.embedded.aws import REGION
from tests.kit.paths import ROOT
from tests.programs.kit import BUCKET, CLIENTS, Job, Program, found

OWN = ROOT / ".venv-programs" / "bin"
CURL = Path("/usr/bin/curl")
MODULES = ROOT / ".node-programs" / "node_modules"
NODE = found(str(OWN / "node"), "/usr/bin/node", "/usr/local/bin/node")
S3 = f"https://s3.{REGION}.amazonaws.com"
VIRTUAL = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"


def boto(kind: str) -> Program:
    def sync(job: Job) -> None:
        trust = {"AWS_CA_BUNDLE": job.way.ca_file, "SSL_CERT_FILE": job.way.ca_file}
        job.run(python, CLIENTS / "boto_sync.py", kind, job.source, job.target, BUCKET, f"{job.prefix}/", **trust)

    python = OWN / "python"
    tls = {"endpoint": "boto3 has the common runtime speak TLS to plain HTTP endpoints too"} if kind == "crt" else {}
    return Program(name=f"boto3-{kind}", needs=(python,), sync=sync, no_way=tls)


ARROW = next((OWN.parent / "lib").glob("python3*/site-packages/pyarrow"), OWN.parent / "pyarrow")


def arrow(job: Job) -> None:
    words = (CLIENTS / "arrow_sync.py", job.source, job.target, BUCKET, job.prefix)
    job.run(OWN / "python", *words, CA_FILE=job.way.ca_file)


def cli(name: str, path: Path) -> Program:
    def sync(job: Job) -> None:
        # Before 2.13 the CLI does not know AWS_ENDPOINT_URL.
        endpoint = ("--endpoint-url", job.way.endpoint) if job.way.endpoint else ()
        aws = (path, *endpoint, "--ca-bundle", job.way.ca_file)
        if job.others:
            job.run(*aws, "sts", "get-caller-identity")
        job.run(*aws, "s3", "sync", "--no-progress", job.source, job.url)
        job.run(*aws, "s3", "sync", "--no-progress", job.url, job.target)

    return Program(name=name, needs=(path,), sync=sync)


def curl(job: Job) -> None:
    """One request a file. curl signs the path as it is given, and before 7.87 does not say the body's hash, which S3 wants."""
    base = f"{job.way.endpoint}/{BUCKET}" if job.way.endpoint else VIRTUAL
    common = ["silent", "show-error", "fail-with-body", "globoff"]
    if job.way.ca_file:
        common += [f"cacert = {job.way.ca_file}"]
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


def javascript(job: Job) -> None:
    words = (CLIENTS / "sync.mjs", MODULES, job.source, job.target, BUCKET, f"{job.prefix}/")
    job.run(NODE, "--no-warnings", *words, *(["others"] if job.others else []), NODE_EXTRA_CA_CERTS=job.way.ca_file)


def rclone(name: str, path: Path, *, parts_from: str) -> Program:
    def sync(job: Job) -> None:
        remote = {"TYPE": "s3", "PROVIDER": "AWS", "ENV_AUTH": "true", "REGION": REGION, "ACL": "private"}
        if job.way.endpoint:
            remote |= {"PROVIDER": "Other", "ENDPOINT": job.way.endpoint}
        env = {f"RCLONE_CONFIG_X_{key}": value for key, value in remote.items()}
        common = (
            path,
            "--config",
            "",
            "--ca-cert",
            job.way.ca_file,
            "--retries",
            "1",
            "--transfers",
            "8",
            "--s3-no-check-bucket",
        )
        common += ("--s3-upload-cutoff", parts_from, "--s3-chunk-size", "5M")
        job.run(*common, "copy", job.source, f"x:{BUCKET}/{job.prefix}", **env)
        job.run(*common, "copy", f"x:{BUCKET}/{job.prefix}", job.target, **env)

    return Program(name=name, needs=(path,), sync=sync)


def s3cmd(job: Job) -> None:
    host = job.way.endpoint.partition("//")[2] if job.way.endpoint else f"s3.{REGION}.amazonaws.com"
    proxy = job.way.proxy.partition("//")[2].split(":") if job.way.proxy else None
    settings = {
        "access_key": job.key,
        "secret_key": job.secret,
        "access_token": job.token or "",
        "bucket_location": REGION,
        "host_base": host,
        "host_bucket": host if job.way.endpoint else f"%(bucket)s.{host}",
        "use_https": not job.way.endpoint,
        "ca_certs_file": job.way.ca_file,
        "multipart_chunk_size_mb": 5,
        **({"proxy_host": proxy[0], "proxy_port": proxy[1]} if proxy else {}),
    }
    config = job.folder / "s3cmd.cfg"
    config.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    common = ("/usr/bin/s3cmd", "--config", config, "--no-progress", "sync")
    job.run(*common, f"{job.source}/", f"{job.url}/")
    job.run(*common, f"{job.url}/", f"{job.target}/")


def restic(job: Job) -> None:
    """A backup, a check of it that reads all of it, and its restoration."""
    base = job.way.endpoint or S3
    common = ("--cacert", job.way.ca_file, "--no-cache", "--quiet", "-r", f"s3:{base}/{BUCKET}/{job.prefix}")
    common += ("-o", "s3.bucket-lookup=path") if job.way.endpoint else ()
    env = {"RESTIC_PASSWORD": "open", "GOMAXPROCS": "2"}
    job.run("/usr/bin/restic", *common, "init", **env)
    job.run(job.source, *common, shell='cd "$1"; shift; /usr/bin/restic "$@" backup .', **env)
    job.run("/usr/bin/restic", *common, "check", "--read-data", **env)
    job.run("/usr/bin/restic", *common, "restore", "latest", "--target", job.target, **env)


MOUNT = """\
source=$1 target=$2 mount=$3; shift 3
release() {
    trap - EXIT
    fusermount3 -u "$mount" 2>/dev/null || fusermount -u "$mount"
}
mounted() {
    s3fs "$@"
    trap release EXIT
}
mounted "$@"
cp -r "$source/." "$mount/$PREFIX"
release
mounted "$@"
cp -r "$mount/$PREFIX/." "$target"
release
"""
"""fuse 3 and fuse 2 each bring a program of their own that unmounts."""


def s3fs(job: Job) -> None:
    """The bucket as a folder, mounted where nothing else sees it, and again for the way back so that no cache is asked.

    The namespaces are its own: whatever it mounts and starts is gone when the script is, however that ends.

    s3fs looks at CURL_CA_BUNDLE only once the system's roots have failed it: each connection is tried twice.
    """
    mount = job.folder / "mount"
    mount.mkdir()
    options = ["-o", f"url={job.way.endpoint or S3}", "-o", f"endpoint={REGION}", "-o", "multipart_size=5"]
    options += ["-o", "use_path_request_style"] if job.way.endpoint else []
    own = ("unshare", *(() if job.way.enter else ("--map-root-user",)), "--mount", "--pid", "--fork", "--kill-child")
    env = {"AWSACCESSKEYID": job.key, "AWSSECRETACCESSKEY": job.secret, "CURL_CA_BUNDLE": job.way.ca_file, "PREFIX": job.prefix}
    script = job.folder / "s3fs.sh"
    script.write_text(MOUNT)
    job.run(*own, "sh", "-eu", script, job.source, job.target, mount, BUCKET, mount, *options, **env)


def s5cmd(job: Job) -> None:
    endpoint = ("--endpoint-url", job.way.endpoint) if job.way.endpoint else ()
    common = (OWN / "s5cmd", *endpoint, "--log", "error", "--retry-count", "0", "--numworkers", "8")
    env = {"AWS_CA_BUNDLE": job.way.ca_file}
    job.run(*common, "cp", "--part-size", "5", f"{job.source}/", f"{job.url}/", **env)
    job.run(*common, "cp", f"{job.url}/*", f"{job.target}/", **env)


PROGRAMS = [
    boto("plain"),
    cli("aws-cli-1", ROOT / ".venv-awscli" / "bin" / "aws"),
    cli("aws-cli-2", Path("/usr/bin/aws")),
    Program(name="curl", needs=(CURL,), sync=curl),
    boto("crt"),
    Program(name="pyarrow", needs=(OWN / "python", ARROW), sync=arrow),
    Program(name="javascript", needs=(NODE, MODULES / "@aws-sdk" / "lib-storage"), sync=javascript),
    rclone("rclone-1.60", Path("/usr/bin/rclone"), parts_from="1G"),  # it then asks for the version `null`, which moto refuses
    rclone("rclone-1.75", OWN / "rclone", parts_from="6M"),
    Program(name="s3cmd", needs=(Path("/usr/bin/s3cmd"),), sync=s3cmd),
    Program(name="restic", needs=(Path("/usr/bin/restic"),), sync=restic),
    Program(name="s3fs", needs=(Path("/usr/bin/s3fs"), Path("/dev/fuse")), sync=s3fs, slow=True),
    Program(
        name="s5cmd",
        needs=(OWN / "s5cmd",),
        sync=s5cmd,
        no_way={"swift": "a range of an empty object is a 416 of Swift's, after which s5cmd stops at random and says nothing"},
    ),
]
