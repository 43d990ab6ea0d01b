"""What proves an agent: its secret, and the token that its block asks for, from the configuration, the environment or a file.

Rule: none of them is ever an argument, where every process of the machine could read it.
"""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from trio_gate.cli.wiring.reading import NotWiredError
from trio_gate.config.model import KEY_TEXT
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.trust_roots import client_context

if TYPE_CHECKING:
    import argparse

    from trio_gate.cli.wiring.reading import AgentFacts

SECRET, TOKEN = "TRIO_GATE_AGENT_SECRET", "TRIO_GATE_AGENT_TOKEN"
GITHUB = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
"""Where a job of GitHub Actions with the permission `id-token: write` gets its identity token, and what proves the job there."""

PATIENCE = 10.0
"""Seconds for each step of asking an issuer."""

MOST_BYTES = 64 * 1024
"""Of a file with a secret or token, and of an issuer's answer: tokens have a few thousand."""


def add_secret(parser: argparse.ArgumentParser) -> None:
    """Declare the file that the secret may come from."""
    parser.add_argument("--secret-file", metavar="FILE", help=f"the agent's secret (default: the configuration's, or {SECRET})")


def add_token(parser: argparse.ArgumentParser) -> None:
    """Declare the file that the token may come from."""
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"the proxy token or identity token that the agent needs (default: {TOKEN}, or what GitHub Actions gives the job)",
    )


def secret(known: AgentFacts, file: str | None) -> str:
    """The agent's secret. Raises NotWiredError."""
    found = _read(file) if file else known.secret or os.environ.get(SECRET)
    if not found:
        raise NotWiredError(
            f"the secret of {known.name} cannot be read from the configuration here: set {SECRET}, or pass --secret-file FILE"
        )
    if not KEY_TEXT.fullmatch(found):
        raise NotWiredError(f"what is in {file or SECRET} is no secret, which is of printable ASCII characters without spaces")
    return found


def token(known: AgentFacts, file: str | None) -> str | None:
    """The token that the agent shows to the proxy; None where it needs none. Raises NotWiredError."""
    if not known.proxy_token and known.audience is None:
        return None
    found = _read(file) if file else os.environ.get(TOKEN)
    if not found and known.audience is not None and all(map(os.environ.get, GITHUB)):
        found = _of_github(known.audience)
    if not found:
        what = "a proxy token" if known.proxy_token else "an identity token"
        raise NotWiredError(f"{known.name} needs {what}: set {TOKEN}, or pass --token-file FILE")
    return found


def _read(file: str) -> str:
    try:
        with Path(file).open(encoding="ascii") as opened:
            return opened.read(MOST_BYTES).strip()
    except (OSError, ValueError) as error:
        raise NotWiredError(f"cannot read {file}: {getattr(error, 'strerror', None) or 'it is not ASCII'}") from None


def _of_github(audience: str) -> str:
    """The identity token of this job."""
    address, proof = (os.environ[name] for name in GITHUB)
    url = urlsplit(address)
    if url.scheme != "https" or not url.hostname:
        raise NotWiredError(f"{GITHUB[0]} is no https URL")
    target = f"{url.path}?{url.query}&audience={quote(audience, safe='')}"
    try:
        connection = http.client.HTTPSConnection(url.hostname, url.port or 443, timeout=PATIENCE, context=client_context(None))
        try:
            connection.request("GET", target, headers={"Authorization": f"bearer {proof}", "Accept": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read(MOST_BYTES)) if answer.status == 200 else {}
        finally:
            connection.close()
        return str(said["value"])
    except KeyError:
        raise NotWiredError(
            "GitHub Actions gives this job no identity token: it needs the permission `id-token: write`"
        ) from None
    except (OSError, ValueError, TypeError, http.client.HTTPException, CertificatesUnavailable) as error:
        raise NotWiredError(
            f"GitHub Actions cannot be asked for an identity token: {getattr(error, 'strerror', None) or error}"
        ) from None
