"""Speech to text and text to speech through OpenAI, or through a server with the same API.

stt         a transcription session per call, and the file endpoint as a hedge
session     the WebSocket of a session: connect, configure, renew
dictation   which audio to send, and which text belongs to it (no I/O)
messages    the client and server events of a Realtime transcription socket
tts         the speech endpoint, with its deadlines, breaker and cost
"""
