"""A configuration on disk with three agents, for tests of what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "a-secret-of-sixteen-or-more"
PEM = "-----BEGIN CERTIFICATE-----\nb3Vycw==\n-----END CERTIFICATE-----\n"

CONFIG = """
gateway {
  state_dir = "state"
  listener "proxy"    { bind = "0.0.0.0:8080" }
  listener "endpoint" { bind = "127.0.0.1:8081" }
}
credential "aws_account" "base" {
  access_key_id     = env("TEST_BASE_KEY")
  secret_access_key = env("TEST_BASE_SECRET")
}
endpoint "aws_api" "main" {
  role       = "gate"
  region     = "eu-west-1"
  credential = aws_account.base
  accounts   = ["111111111111=prod", "222222222222=staging", "333333333333"]
}
agent "ci" {
  key_suffix = "CI01"
  secrets    = [env("TEST_CI_NEW"), env("TEST_CI_OLD")]
}
agent "token" {
  key_suffix         = "TOK01"
  secret             = "a-secret-of-sixteen-or-more"
  accounts           = ["222222222222"]
  proxy_token_sha256 = env("TEST_TOKEN_SHA256")
}
agent "job" {
  key_suffix            = "JOB01"
  secret                = "a-secret-of-sixteen-or-more"
  accounts              = ["222222222222"]
  certificate_authority = "ca-that-is-not-here.pem"
  oidc {
    issuer   = "https://issuer.example"
    audience = "trio-gate"
    claims   = { sub = "job" }
  }
}
"""


def placed(folder: Path, text: str = CONFIG) -> str:
    """Write the configuration, and a CA as the gateway has it; returns its path."""
    (folder / "gateway.hcl").write_text(text)
    (folder / "state" / "ca").mkdir(parents=True, exist_ok=True)
    for name in ("interception", "own"):
        (folder / "state" / "ca" / f"{name}.pem").write_text(
            PEM.replace("b3Vycw==", {"interception": "b3Vycw==", "own": "b3du"}[name])
        )
    return str(folder / "gateway.hcl")


def status_of(*words: str) -> int:
    """The exit status of a command line, also where argparse ends it."""
    try:
        return main(list(words))
    except SystemExit as ended:
        return int(str(ended.code))
