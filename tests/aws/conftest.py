"""Tests that take `each_service` run for a sample of botocore's services, and with `--all` for every one."""

from __future__ import annotations

import pytest

from tests.kit.aws.places import SAMPLE, SERVICES


def pytest_generate_tests(metafunc):
    if "each_service" in metafunc.fixturenames:
        long = pytest.mark.long("every operation of a service")
        metafunc.parametrize("each_service", [pytest.param(name, marks=() if name in SAMPLE else long) for name in SERVICES])
