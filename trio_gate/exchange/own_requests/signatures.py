"""What an agent may have signed instead of sent: the URL of an object in S3, and the tokens of EKS and of RDS.

Rule: a signature is asked for as the call that it stands for, written as its bytes would be and read by the same reader, so that rules,
people and the record see that call.

Theory: a token of EKS is a signed GetCallerIdentity with the cluster in a field, and works for 15 minutes whatever it says
(github.com/kubernetes-sigs/aws-iam-authenticator, "API authorization from outside a cluster"). One of RDS is a signed request to the database for the IAM action `rds-db:connect`, which no API has (Amazon RDS User Guide, "IAM database authentication").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN, Call, Candidate, Place
from trio_gate.errors import Unidentified
from trio_gate.exchange.presign import CLUSTER_FIELD, MOST_SECONDS, Presign
from trio_gate.values import value_class
from trio_gate.wire.aws_chunked import UNSIGNED
from trio_gate.wire.head import encoded, encoded_path
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.exchange.own_requests.members import Members
    from trio_gate.wire.head import RequestHead

CLUSTER_SECONDS = 60
"""What a token of EKS says, as the AWS CLI writes it; EKS takes it for 15 minutes."""

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_HOST_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_DIRECTORY = re.compile(r".*--xa?-s3")
_KEY = re.compile(r"[^\x00]{1,1024}", re.DOTALL)
_METHOD = re.compile(r"GET|PUT")
_CLUSTER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
_DATABASE = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?")
_USER = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


@value_class
class Where:
    """For whom and where a signature is asked for: the account of the agent's key, and the region of its signature."""

    account: str
    region: str
    table: HostTable

    @property
    def partition(self) -> str:
        """The region's. Raises Unidentified."""
        found = self.table.partition_of(self.region)
        if found is None:
            raise Unidentified(f"{self.region} is no region of AWS that this gateway knows")
        return found


def object_url(asked: Members, where: Where) -> Presign:
    """A URL for GetObject or PutObject. Raises Malformed, Unidentified."""
    bucket, key = asked.text("bucket", _BUCKET), asked.text("key", _KEY)
    method, seconds = asked.text("method", _METHOD, "GET"), asked.number("expires", MOST_SECONDS, MOST_SECONDS)
    asked.close()
    if _DIRECTORY.fullmatch(bucket):
        raise Unidentified("no URL is signed for a directory bucket: use it through the gateway")
    host, path = where.table.place_of_scope("s3", where.region).host, key
    if _HOST_LABEL.fullmatch(bucket):
        host = f"{bucket}.{host}"
    else:  # the certificates of S3 have one label before its name
        path = f"{bucket}/{key}"
    head = _head(method, f"/{encoded_path(path)}", host)
    return Presign(kind="object", head=head, place=where.table.place(host), seconds=seconds, payload=UNSIGNED)


def cluster_token(asked: Members, where: Where) -> Presign:
    """What an EKS cluster takes for a token, as a URL. Raises Malformed, Unidentified."""
    cluster = asked.text("cluster", _CLUSTER)
    asked.close()
    place = where.table.place_of_scope("sts", where.region)
    head = _head("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", place.host, f"{CLUSTER_FIELD}: {cluster}\r\n")
    return Presign(kind="cluster", head=head, place=place, seconds=CLUSTER_SECONDS)


def database_token(asked: Members, where: Where) -> Presign:
    """What a database of RDS takes for a password, as a URL. Raises Malformed, Unidentified."""
    host, port = asked.text("host", _DATABASE), asked.number("port", 65535)
    user = asked.text("user", _USER)
    asked.close()
    if not host.endswith(tuple(f".{where.region}.rds.{domain}" for domain in where.table.domains([where.partition]))):
        raise Unidentified(f"the host is not that of a database of RDS in {where.region}: use its endpoint as RDS shows it")
    at = Candidate(service="rds-db", host=host, partition=where.partition, region=where.region, signing_name="rds-db")
    head = _head("GET", f"/?Action=connect&DBUser={encoded(user)}", f"{host}:{port}")
    call = _connect(at, where.account, {"DBHostname": host, "Port": port, "DBUsername": user})
    return Presign(kind="database", head=head, place=Place(host=host, candidates=(at,)), seconds=MOST_SECONDS, call=call)


def _head(method: str, target: str, host: str, fields: str = "") -> RequestHead:
    return parse_request_head(f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{fields}\r\n".encode())


def _connect(at: Candidate, account: str, params: Mapping[str, Value]) -> Call:
    """What is known of a connection to a database: its host does not say whose it is, nor its resource id."""
    return Call(
        service=at.service,
        operation="connect",
        protocol="query",
        signing_name=at.signing_name,
        partition=at.partition,
        region=at.region,
        account=account,
        host=at.host,
        method="GET",
        path="/",
        params=params,
        iam_action="rds-db:connect",
        iam_actions=("rds-db:connect",),
        access="write",
        reads_secret=False,
        vends_credentials=True,
        resource=UNKNOWN,
        resources=UNKNOWN,
        resource_accounts=UNKNOWN,
        cross_account=UNKNOWN,
        may_expose_secrets=False,
        runs_code=False,
        spends=False,
        destroys=False,
        removes=False,
        unguards=False,
        policies=(),
        shares_with=(),
        makes_public=False,
        reviewed=True,
    )
