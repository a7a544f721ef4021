"""Speech to text and text to speech through OpenAI, or through a server with the same API.

stt         a transcription session per call, the file endpoint as a hedge, the fallback engine
session     the WebSocket of a session: connect, configure, renew
dictation   its events: which audio to send, and which text belongs to it (no I/O)
tts         the speech endpoint, with its deadlines, breaker and cost
"""
