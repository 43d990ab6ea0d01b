"""Which host names are none of AWS's, so that a tunnel to them opens no way past the rules.

Rule: a name is AWS's if the table knows it, or if it is in a domain that AWS uses, whether the table knows the name or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.errors import Unidentified

if TYPE_CHECKING:
    from trio_gate.aws.hosts.table import HostTable

_MORE = (
    *("amazonaws.cn", "amazonaws-eusc.eu", "amazonaws-us-gov.com", "amazonwebservices.com.cn", "amazonwebservices.eu"),
    *("aws", "aws.amazon.com", "awsapps.cn", "awsapps.com"),
)
"""Domains of AWS's consoles, sign-in and endpoints besides those of the table. `aws` is a top-level domain of Amazon's own."""


def is_outside(host: str, table: HostTable) -> bool:
    """Whether a host name, in lower case and without a port, is none of AWS's."""
    for domain in (*table.all_domains, *_MORE):
        if host == domain or host.endswith(f".{domain}"):
            return False
    try:
        table.place(host)
    except Unidentified:
        return True
    return False
