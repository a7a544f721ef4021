"""Hearing and speaking through OpenAI, or through a server that speaks its API.

client      the account: key, addresses, one HTTP client a process
dictation   which stretches of a call are to be heard; what the server knows of them (no I/O)
messages    what is said on a Realtime socket
hearing     one transcription socket a call, with the file endpoint behind it
files       the file endpoint
"""
