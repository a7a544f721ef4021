"""Hearing and speaking through OpenAI, or through a server that speaks its API.

dictation   which stretches of a call are to be heard; what the server knows of them (no I/O)
messages    what is said on a Realtime transcription socket
hearing     one transcription socket a call, with the file endpoint behind it
files       the file endpoint

speaking    what every voice at OpenAI has in common: time, breaker, cost
endpoint    a voice: the speech endpoint, brought down to the telephone (decimating)
            and the voices that the settings name
"""
