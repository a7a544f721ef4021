"""Of several addresses the one that is to be visited."""

from __future__ import annotations

import pytest

from tests.collect.understanding.zh.hearing import heard
from voicebot.call import Step


@pytest.mark.parametrize(
    "said",
    [
        "我住在中山路5号，但是活儿在解放路9号",
        "我家在中山路5号，上门地址是解放路9号",
        "发票寄到中山路5号，维修地点在解放路9号",
        "解放路9号，不是中山路5号",
        "解放路9号，我妈住14号",
    ],
)
def test_the_address_of_the_job_is_taken_in_chinese(said: str) -> None:
    assert heard(Step.ADDRESS, said) == "解放路9号"
