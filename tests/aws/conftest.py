"""Tests that take `each_service` run for a sample of botocore's services, or with `--all-operations` for all."""

from __future__ import annotations

from tests.aws.places_kit import SAMPLE, SERVICES


def pytest_generate_tests(metafunc):
    if "each_service" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--all-operations")
        metafunc.parametrize("each_service", [name for name in SERVICES if everything or name in SAMPLE])
