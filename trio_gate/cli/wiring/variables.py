"""The environment variables of one agent in one account, and how they are written for shells and programs.

Theory: programs read a file of roots in place of the system's (AWS_CA_BUNDLE, SSL_CERT_FILE, …), or besides them (NODE_EXTRA_CA_CERTS).
The first kind gets a bundle of both, as it would verify no other host with our CA alone.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Literal

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Variables = Mapping[str, str | None]
    """Names and values; None is a variable that must not be set."""

REPLACE_ROOTS = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What AWS's SDKs, OpenSSL, Go and Rust, Python's requests, and curl read in place of the system's roots."""

ADD_ROOTS = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
"""What Node.js and Deno read besides the roots that they have."""

PROXY_ROOTS = ("GIT_PROXY_SSL_CAINFO",)
"""What Git verifies a proxy with; the programs above have one file for all, and curl has only an option."""

FOREIGN = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
    *("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    *("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIAL_FILE", "AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY"),
)
"""What would bring other keys, also to programs that know older names, or lead past the gateway."""

FOREIGN_KINDS = ("AWS_ENDPOINT_URL_", "AWS_BEARER_TOKEN_")
"""Begin variables that lead one service elsewhere, or are its token; those that are set are removed."""

ALWAYS_DIRECT = ("localhost", "127.0.0.1", "::1")
_REGISTRIES = ("dkr.ecr", "d.codeartifact")
"""Of AWS's hosts those that are no APIs: the gateway refuses them, so programs reach them without it."""

FORMATS = ("shell", "dotenv", "json", "systemd")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=~\[\]*-]*")
"""Values that need no quotes in a dotenv file."""


@value_class
class Wiring:
    """How an agent reaches the gateway with the keys of one account.

    Attributes:
        way: the kind of listener. url: its address; of a proxy, with what proves the agent to it.
        bundle, authority: files with the system's roots and our CA, and with our CA alone; None where nothing is verified with it.
    """

    key_id: str
    secret: str
    region: str
    way: Literal["proxy", "endpoint"]
    url: str
    bundle: str | None
    authority: str | None


def variables(wiring: Wiring, direct: str) -> dict[str, str | None]:
    """The variables for a wiring; `direct` is the value of NO_PROXY, see `no_proxy`."""
    by_proxy = wiring.url if wiring.way == "proxy" else None
    found: dict[str, str | None] = {
        "AWS_ACCESS_KEY_ID": wiring.key_id,
        "AWS_SECRET_ACCESS_KEY": wiring.secret,
        "AWS_REGION": wiring.region,
        "AWS_DEFAULT_REGION": wiring.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": None if by_proxy else wiring.url,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
    if by_proxy:
        found |= {"HTTPS_PROXY": by_proxy, "https_proxy": by_proxy}
        if by_proxy.startswith("https:"):
            found |= dict.fromkeys(PROXY_ROOTS, wiring.bundle)
    if wiring.bundle is not None:
        found |= dict.fromkeys(REPLACE_ROOTS, wiring.bundle) | dict.fromkeys(ADD_ROOTS, wiring.authority)
    return found | dict.fromkeys(FOREIGN)


def no_proxy(given: str, more: Collection[str], domains: Collection[str], zone: str) -> str:
    """NO_PROXY for an agent with a proxy: the given entries but those that lead AWS's hosts past it, what is local, and `more`.

    Args:
        given: its value so far, see `entries`.
        more: further hosts that are reached without the proxy.
        domains: those of AWS, such as "amazonaws.com".
        zone: below which registries are that are reached without the proxy, such as "eu-west-1.amazonaws.com".
    """
    kept = [entry for entry in entries(given) if not _covers(entry, domains)]
    registries = [f".{name}.{zone}" for name in _REGISTRIES]
    return ",".join(dict.fromkeys([*kept, *ALWAYS_DIRECT, *registries, *more]))


def entries(given: str) -> list[str]:
    """The entries of a value of NO_PROXY, which has commas or, as curl also reads it, spaces between them."""
    return [entry for entry in re.split(r"[,\s]+", given) if entry]


def _covers(entry: str, domains: Collection[str]) -> bool:
    """Whether an entry of NO_PROXY is for AWS's hosts, or for some of them."""
    if entry.count(":") > 1:  # an address of IPv6
        return False
    name = entry.lower().partition(":")[0].lstrip("*").strip(".")
    return not name or any(f".{domain}".endswith(f".{name}") or f".{name}".endswith(f".{domain}") for domain in domains)


def written(found: Variables, form: str) -> str:
    """The variables in one of FORMATS, with a line end. Raises ValueError for a value that the format cannot hold."""
    if form == "json":
        return json.dumps(found, indent=2) + "\n"
    lines = [f"{_PREFIX.get(form, '')}{name}={_QUOTE[form](value)}" for name, value in found.items() if value is not None]
    unset = [name for name, value in found.items() if value is None]
    if form == "shell" and unset:
        lines.append("unset " + " ".join(unset))
    return "\n".join(lines) + "\n"


def _dotenv(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    if "'" in value:
        message = "a dotenv file cannot hold a secret with a single quote: take another format"
        raise ValueError(message)
    return f"'{value}'"


def _systemd(value: str) -> str:
    """As in the files of EnvironmentFile= (systemd.exec(5))."""
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'


_PREFIX = {"shell": "export "}
_QUOTE = {"shell": shlex.quote, "dotenv": _dotenv, "systemd": _systemd}
