"""An S3 that verifies requests: OpenStack Swift's s3api over TLS, on a loopback port, behind an STS that returns its only key.

    scripts/swift DIRECTORY

creates an environment for Swift in `.venv-swift`, writes `ca.pem` and everything else to the directory, prints one JSON line when it
is ready (as `aws.py` does) and runs until SIGTERM. From Python: `with start(directory) as s3: s3.port …`.

Swift verifies the signatures of the request, of each chunk and of the trailers, and the body's hash, checksums and decoded length,
and stores nothing if one is wrong. There is one account with one bucket, BUCKET; assuming any role returns KEY.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import trio
import trustme

from scripts.embedded.aws import NAMES, REGION, Embedded, client, end
from scripts.embedded.swift_filters import KEY_ID, SECRET, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BUCKET = "staging-data"
KEY = (KEY_ID, SECRET, TOKEN)
PATIENCE = 60
"""Seconds for Swift to start."""

SWIFT_CONF = """\
[swift-hash]
swift_hash_path_prefix = trio
swift_hash_path_suffix = gate
[storage-policy:0]
name = only
default = yes
"""
COMMON = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
user = {user}
"""
STORE = """\
devices = {folder}/devices
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
conn_timeout = 30
node_timeout = 30
container_update_timeout = 30
"""
"""Swift's time-outs. With shorter ones it would, on a busy machine, report objects that it lists only later."""

PROXY = """\
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth bulk slo copy proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 30
node_timeout = 30
[filter:cache]
paste.filter_factory = scripts.embedded.swift_filters:cache_factory
[filter:tempauth]
paste.filter_factory = scripts.embedded.swift_filters:auth_factory
[filter:s3api]
use = egg:swift#s3api
location = {region}
storage_domain = s3.{region}.amazonaws.com, s3.dualstack.{region}.amazonaws.com, s3.amazonaws.com
s3_acl = false
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:copy]
use = egg:swift#copy
"""
ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>\
<AssumedRoleId>AROA123:{name}</AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/{role}/{name}</Arn></AssumedRoleUser>\
<Credentials><AccessKeyId>{key[0]}</AccessKeyId><SecretAccessKey>{key[1]}</SecretAccessKey><SessionToken>{key[2]}</SessionToken>\
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


class CannotStartError(RuntimeError):
    """Swift cannot be installed or does not start; its output is on standard error."""


@contextmanager
def start(directory: str | Path) -> Iterator[Embedded]:
    """Run `scripts/swift` in another process until the block is left. Raises CannotStartError."""
    script = ROOT / "scripts/swift"
    with script.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # if two start at once, only one creates the environment
        process = subprocess.Popen([str(script), str(directory)], stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
    try:
        if not line:
            raise CannotStartError(f"OpenStack Swift did not start (exit status {process.wait(PATIENCE)}); it said why above")
        yield Embedded(**json.loads(line))
    finally:
        end(process)
        process.stdout.close()


def prepare(environment: Path, folder: Path) -> dict[str, int]:
    """Writes rings and configuration; returns the ports of the four servers."""
    (folder / "devices" / "one").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT_CONF)
    ports = dict(zip(("account", "container", "object", "proxy"), free_ports(4), strict=True))
    user = pwd.getpwuid(os.getuid()).pw_name
    for name, port in ports.items():
        template = COMMON + (PROXY if name == "proxy" else STORE)
        text = template.format(name=name, port=port, folder=folder, user=user, region=REGION)
        (folder / f"{name}-server.conf").write_text(text)
        if name != "proxy":
            for step in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/one", "1"], ["rebalance"]):
                builder = [environment / "bin/swift-ring-builder", folder / f"{name}.builder", *step]
                subprocess.run(builder, check=True, stdout=subprocess.DEVNULL)
    return ports


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


async def serve(environment: Path, folder: Path) -> None:
    """Start, create the bucket, report that, and wait for SIGTERM or SIGINT."""
    context, ca_file = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), folder / "ca.pem"
    ca = trustme.CA()
    ca.issue_cert(*NAMES).configure_cert(context)
    ca.cert_pem.write_to_path(str(ca_file))
    ports = prepare(environment, folder)
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    async with trio.open_nursery() as nursery:
        for name in ports:
            log = (folder / f"{name}.log").open("wb")
            command = [environment / f"bin/swift-{name}-server", folder / f"{name}-server.conf", "--verbose"]
            nursery.start_soon(partial(trio.run_process, command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        for port in ports.values():
            await listening(port)
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, partial(front, context=context, swift=ports["proxy"]), listeners)
        port = listeners[0].socket.getsockname()[1]
        s3 = Embedded(port=port, ca_file=str(ca_file), base_access_key_id="AKIAANYTHING", base_secret_access_key="anything")
        await trio.to_thread.run_sync(lambda: client("s3", s3, KEY).create_bucket(Bucket=BUCKET))
        print(json.dumps(vars(s3)), flush=True)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            await anext(aiter(signals))
        nursery.cancel_scope.cancel()


async def listening(port: int) -> None:
    with trio.fail_after(PATIENCE):
        while True:
            try:
                return await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
            except OSError:
                await trio.sleep(0.1)


async def front(tcp: trio.SocketStream, *, context: ssl.SSLContext, swift: int) -> None:
    """One connection: STS is answered here, everything else is relayed to Swift."""
    stream = trio.SSLStream(tcp, context, server_side=True, https_compatible=True)
    try:
        head = b""
        while b"\r\n\r\n" not in head:
            data = await stream.receive_some()
            if not data:
                return
            head += data
        if re.search(rb"(?im)^host: sts\.", head):
            await sts(stream, head)
        else:
            await relay(stream, head, await trio.open_tcp_stream("127.0.0.1", swift))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    finally:
        await trio.aclose_forcefully(stream)


async def sts(stream: trio.SSLStream, data: bytes) -> None:
    while data:
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?im)^content-length: (\d+)", head)[1])
        while len(body) < length:
            body += await stream.receive_some()
        asked = {name: values[0] for name, values in parse_qs(body[:length].decode()).items()}
        account, role = asked["RoleArn"].split(":")[4], asked["RoleArn"].rpartition("/")[2]
        answer = ASSUMED.format(name=asked["RoleSessionName"], account=account, role=role, key=KEY).encode()
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )
        data = body[length:] or await stream.receive_some()


async def relay(near: trio.SSLStream, first: bytes, far: trio.SocketStream) -> None:
    async def pump(source: Any, sink: Any) -> None:
        while data := await source.receive_some(65536):
            await sink.send_all(data)
        nursery.cancel_scope.cancel()

    async with far:
        await far.send_all(first)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pump, near, far)
            nursery.start_soon(pump, far, near)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: scripts/swift DIRECTORY")
    trio.run(serve, Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
