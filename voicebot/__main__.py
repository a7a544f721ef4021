"""`python -m voicebot`, the same as `voicebot`."""

from voicebot.cli import app

app()
