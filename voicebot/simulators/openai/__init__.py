"""A stand-in for OpenAI on this machine: HTTP and WebSocket, for tests, benchmark and demos.

It speaks the parts of the API that voicebot uses, as OpenAI documents them, recognises the
simulated caller's recordings, takes as long as the real services are known to take, and
misbehaves when it is told to. It shares no code with the client that it is used to test.
"""
