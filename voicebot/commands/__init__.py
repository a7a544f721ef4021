"""Subcommands for people at a terminal: chat, show, watch, journal, webhooks."""
