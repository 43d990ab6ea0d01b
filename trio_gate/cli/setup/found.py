"""What this machine says of AWS: a region, and whose key there is.

Rule: each step has a deadline, and what is not found is not there. Nothing but GetCallerIdentity is asked of AWS.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from trio_gate.cli.setup.policies import principal_of
from trio_gate.config.model import Credential
from trio_gate.errors import CredentialsUnavailable
from trio_gate.shell.credentials.providers import look
from trio_gate.values import value_class

if TYPE_CHECKING:
    from typing import Any

PATIENCE = 5.0
"""Seconds for a program that provides a key, for a connection to STS, and for its answer."""

_DEFAULT_REGION = "us-east-1"


@value_class
class Found:
    """What was found.

    Attributes:
        region: of the environment or the profile, else us-east-1.
        account, arn: whose the key is; None without a key, or if STS did not say.
        trouble: why these are None, in a few words.
    """

    region: str
    account: str | None
    arn: str | None
    trouble: str | None


def found(profile: str | None, region: str | None, *, ask: bool = True) -> Found:
    """Look at the environment and the AWS config files; ask STS whose the key is, unless `ask` is False. Blocks."""
    with suppress(BotoCoreError):
        region = region or botocore.session.Session(profile=profile).get_config_variable("region")
    region, account, arn = region or _DEFAULT_REGION, None, None
    trouble: str | None = "it was not asked"
    if ask:
        try:
            said = _client(profile, region).get_caller_identity()
            account, arn, trouble = str(said["Account"]), principal_of(str(said["Arn"])), None
        except CredentialsUnavailable as error:
            trouble = str(error.detail).removeprefix("credential base: ")
        except (BotoCoreError, ClientError, KeyError) as error:
            trouble = " ".join(str(error).split())
    return Found(region=region, account=account, arn=arn, trouble=trouble)


def _client(profile: str | None, region: str) -> Any:
    """STS with the key that a gateway would use. Raises CredentialsUnavailable."""
    block = Credential(name="base", access_key_id=None, secret_access_key=None, session_token=None, profile=profile, accounts=())
    _, key = look(block, None, PATIENCE)
    limits = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"total_max_attempts": 1})
    return botocore.session.Session().create_client(
        "sts",
        region_name=region,
        config=limits,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        aws_session_token=key.session_token,
    )
