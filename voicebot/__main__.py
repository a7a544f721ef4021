"""`python -m voicebot` is `voicebot`."""

from voicebot.cli import app

app()
