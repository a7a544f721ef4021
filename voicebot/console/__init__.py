"""The port of staff and integrators: the live page and the HTTP API.

Its process is `python -m voicebot.console`; `app.create_app` makes the application. No other room
imports this one.
"""
