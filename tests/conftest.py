"""Fixtures that tests of several rooms share."""

from __future__ import annotations

from tests.kit.embedded import embedded_aws
from tests.kit.gateway import clean_environment

__all__ = ["clean_environment", "embedded_aws"]
