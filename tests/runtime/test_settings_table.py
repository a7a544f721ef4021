"""The page of settings says what the settings class says."""

from __future__ import annotations

from pathlib import Path

from voicebot.runtime.doctor import settings_table
from voicebot.settings import Settings, variable

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_of_settings_is_what_make_docs_writes() -> None:
    assert PAGE.read_text("utf-8").endswith(f"\n\n{settings_table()}\n"), "run: make docs"


def test_every_setting_is_described() -> None:
    undescribed = [
        variable(n) for n, field in Settings.model_fields.items() if not field.description
    ]
    assert undescribed == []
