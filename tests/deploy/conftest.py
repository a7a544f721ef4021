"""The whole of compose.yaml, once for all tests that look at it."""

from collections.abc import Iterator

import pytest

from tests.deploy.stack import Stack, composed_here


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with composed_here(tmp_path_factory.mktemp("compose")) as running:
        yield running
