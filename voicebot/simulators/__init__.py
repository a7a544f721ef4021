"""Simulators of external services on this machine.

phone    a provider that speaks Twilio's Media Streams, and a scripted caller
openai   the parts of OpenAI's API that voicebot uses

Both talk to the server through its sockets only and import nothing of it.
"""
