"""A simulator of OpenAI's API, over HTTP and WebSocket, for tests, benchmarks and demos.

It implements the parts of the API that voicebot uses, as documented by OpenAI. It recognises the
simulated caller's recordings, has realistic latencies, and produces faults on request. It shares no
code with the client that it is used to test.
"""
