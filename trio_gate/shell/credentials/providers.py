"""Botocore's providers of base keys: environment, profiles, programs, the machine's role.

Rule: with a named profile only that is read: if it has no key, the machine's role does not replace it. Neither reasons nor logs
contain a provider's output: a `credential_process` may print anything.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.credentials import ProcessProvider, ProfileProviderBuilder, create_credential_resolver
from botocore.exceptions import BotoCoreError, ClientError, PartialCredentialsError, ProfileNotFound

from trio_gate.config.model import KEY_TEXT
from trio_gate.errors import CredentialsUnavailable
from trio_gate.shell.programs import BoundedProgram
from trio_gate.signing.sigv4 import Credentials

if TYPE_CHECKING:
    from trio_gate.config.model import Credential

_BEYOND_PROFILE = ("ec2-credentials-file", "boto-config", "container-role", "iam-role")
_TROUBLE = (BotoCoreError, ClientError, OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError)
"""What botocore raises for foreign programs and files; it documents only the first two."""


class NoBaseKey(CredentialsUnavailable):
    """There is no base key in the configured place; the operator must provide it."""

    status = 403
    code = "AccessDenied"


def look(block: Credential, source: Any, deadline: float) -> tuple[Any, Credentials]:
    """Find the key; return it and botocore's object for it, with which the next look goes on. Blocks.

    Args:
        block: says where.
        source: botocore's object; None to find it.
        deadline: seconds that a program may run.

    Raises:
        NoBaseKey: there is no key (403).
        CredentialsUnavailable: what has it does not answer (503).
    """
    where = f"credential {block.name}"
    try:
        if source is None:
            source = _chain(block.profile, deadline).load_credentials()
        frozen = None if source is None else source.get_frozen_credentials()
    except ProfileNotFound as fault:
        raise NoBaseKey(f"{where}: the AWS config files have no profile {fault.kwargs['profile']}") from None
    except PartialCredentialsError as fault:
        raise NoBaseKey(
            f"{where}: half a base key in {fault.kwargs['provider']}, {fault.kwargs['cred_var']} is missing"
        ) from None
    except _TROUBLE as fault:
        reason = f"{where}: its base key could not be read ({type(fault).__name__}): try again later"
        raise CredentialsUnavailable(reason) from None
    if frozen is None:
        raise _missing(block)
    parts = (frozen.access_key, frozen.secret_key, frozen.token or "-")
    if not all(isinstance(part, str) and KEY_TEXT.fullmatch(part) for part in parts):
        raise NoBaseKey(f"{where}: its base key holds spaces or what is not ASCII")
    return source, Credentials(
        access_key_id=frozen.access_key, secret_access_key=frozen.secret_key, session_token=frozen.token or None
    )


class _Profiles(ProfileProviderBuilder):  # type: ignore[misc]  # botocore is untyped
    """Botocore's providers of a profile, with a deadline for `credential_process`."""

    def __init__(self, session: Any, deadline: float) -> None:
        super().__init__(session, cache={})
        self._deadline = deadline

    def _create_process_provider(self, profile_name: str) -> ProcessProvider:
        popen = partial(BoundedProgram, seconds=self._deadline)
        return ProcessProvider(profile_name, load_config=lambda: self._session.full_config, popen=popen)

    def give_to(self, resolver: Any, profile: str) -> None:
        """Replace botocore's own, also where a role names another profile as its source."""
        resolver.get_provider("assume-role")._profile_provider_builder = self  # it has no other way in
        resolver.remove(ProcessProvider.METHOD)
        resolver.insert_before("config-file", self._create_process_provider(profile))


def _chain(profile: str | None, deadline: float) -> Any:
    session = botocore.session.Session(profile=profile)
    resolver = create_credential_resolver(session)
    _Profiles(session, deadline).give_to(resolver, session.get_config_variable("profile") or "default")
    if profile is not None:
        for method in _BEYOND_PROFILE:
            resolver.remove(method)
    return resolver


def _missing(block: Credential) -> CredentialsUnavailable:
    if block.profile is not None:
        return NoBaseKey(f"credential {block.name}: profile {block.profile} of the AWS config files holds no key")
    # Not 403: the metadata service may only have been slow.
    return CredentialsUnavailable(
        f"credential {block.name}: no base key in the AWS_ variables, the profiles of the AWS config files or the machine's role"
    )
