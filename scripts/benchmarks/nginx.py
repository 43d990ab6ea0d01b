"""nginx, if it is installed: as a plain TLS-to-TLS proxy to compare with, and as a stand-in for AWS that costs little."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scripts.benchmarks.machine import LOAD, PROXIES
from scripts.benchmarks.programs import free_port, listens, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

COMMON = """\
daemon off;
master_process off;
pid {folder}/{name}.pid;
error_log {folder}/{name}.log;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; multi_accept on; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/{name}-body;
  proxy_temp_path {folder}/{name}-temp;
  fastcgi_temp_path {folder}/{name}-fastcgi;
  uwsgi_temp_path {folder}/{name}-uwsgi;
  scgi_temp_path {folder}/{name}-scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  ssl_certificate {folder}/cert.pem;
  ssl_certificate_key {folder}/key.pem;
"""
PROXY = """\
  upstream small {{ server 127.0.0.1:{small}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 1h; }}
  upstream large {{ server 127.0.0.1:{large}; keepalive 64; keepalive_requests 1000000000; keepalive_timeout 1h; }}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_request_buffering off;
  proxy_buffers 16 64k;
  proxy_buffer_size 64k;
  proxy_busy_buffers_size 128k;
  proxy_max_temp_file_size 0;
  client_body_buffer_size 256k;
  proxy_ssl_verify on;
  proxy_ssl_trusted_certificate {folder}/ca.pem;
  proxy_ssl_name localhost;
  server {{
    listen 127.0.0.1:{own} ssl backlog=4096;
    location / {{ proxy_pass https://small; }}
    location /staging-data/ {{ proxy_pass https://large; }}
  }}
}}
"""
STAND_IN = """\
  default_type application/x-amz-json-1.0;
  add_header x-amzn-RequestId ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRST;
  add_header x-amz-crc32 2745614147;
  server {{
    listen 127.0.0.1:{own} ssl backlog=4096;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""


def find() -> str | None:
    """The path of nginx, which may be in a directory that is not in PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def version() -> str | None:
    """Such as `nginx/1.22.1`; None where it is not installed."""
    found = find()
    said = subprocess.run([found, "-v"], capture_output=True, text=True, check=True).stderr if found else ""
    return said.rpartition(" ")[2].strip() or None


@contextmanager
def proxy(folder: Path, small: int, large: int) -> Iterator[tuple[int, int]]:
    """A proxy to two ports, large bodies to the second. Gives its process and its port."""
    own = free_port()
    with _running(folder, "proxy", PROXY.format(folder=folder, small=small, large=large, own=own), own, PROXIES) as process:
        yield process.pid, own


@contextmanager
def stand_in(folder: Path, answer: bytes) -> Iterator[int]:
    """Something that answers every request with the same; gives its port."""
    own = free_port()
    with _running(folder, "aws", STAND_IN.format(own=own, answer=answer.decode()), own, LOAD):
        yield own


def _running(
    folder: Path, name: str, rest: str, port: int, cores: frozenset[int]
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    file, log = folder / f"{name}.conf", folder / f"{name}.log"
    file.write_text(COMMON.format(folder=folder, name=name) + rest)
    command = [str(find()), "-e", str(log), "-p", str(folder), "-c", str(file)]
    return running(command, log, lambda: listens(port), cores)
