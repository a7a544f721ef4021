"""A phone bot that books appointments and saves every checked answer before its next word."""

import os

__version__ = "0.1.0"

# ONNX Runtime (voice activity, Piper) else keeps a database of events in the user's cache and
# sends it to its maker. It looks at this when it is first imported, so it must stand before.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
