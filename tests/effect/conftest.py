"""Tests that take `each_service` run for a sample of botocore's services, and with `--all` for every one."""

from __future__ import annotations

from tests.aws.conftest import pytest_generate_tests

__all__ = ["pytest_generate_tests"]
