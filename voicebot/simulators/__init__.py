"""The outside world, simulated on this machine.

phone    a provider that speaks Twilio's Media Streams, and a caller with a script
openai   a stand-in for the parts of OpenAI's API that voicebot uses

Both are outsiders: they meet the product at its sockets and import nothing of its rooms.
"""
