"""`trio-gate eks-token CLUSTER`: a token for an EKS cluster, as `aws eks get-token` prints it, if a rule lets it be signed."""

from __future__ import annotations

import base64
import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from trio_gate.cli.agents import asking

if TYPE_CHECKING:
    import argparse

EARLIER = timedelta(minutes=1)
"""How long before its end a client should get another token, as in the AWS CLI."""

_VERSIONS = tuple(f"client.authentication.k8s.io/{one}" for one in ("v1beta1", "v1", "v1alpha1"))
"""Of the answer; the first where the client does not say."""

EXAMPLES = """\
  trio-gate eks-token blue --region eu-central-1"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("cluster", metavar="CLUSTER", help="the name of the cluster, or its id on an Outpost")
    asking.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print an ExecCredential."""
    made = asking.run("eks-token", args, "/-/agent/eks-token", {"cluster": args.cluster})
    if isinstance(made, int):
        return made
    token = "k8s-aws-v1." + base64.urlsafe_b64encode(made.url.encode("ascii")).decode("ascii").rstrip("=")
    said = {"expirationTimestamp": (made.expires - EARLIER).strftime("%Y-%m-%dT%H:%M:%SZ"), "token": token}
    print(json.dumps({"kind": "ExecCredential", "apiVersion": _version(), "spec": {}, "status": said}, indent=4))
    return 0


def _version() -> str:
    try:
        said = json.loads(os.environ.get("KUBERNETES_EXEC_INFO", "{}"))["apiVersion"]
    except (ValueError, KeyError, TypeError):
        return _VERSIONS[0]
    return said if said in _VERSIONS else _VERSIONS[0]
