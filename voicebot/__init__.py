"""A phone bot that books appointments and saves every checked answer before its next word."""

import os

__version__ = "0.1.0"
"""The only place where it stands: the package's metadata, the API and the metrics read it here."""

# Else ONNX Runtime (Piper) collects usage data and sends it to its maker. It reads this when it is
# first imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# NumPy's matrices are small here: a thread for each core costs more than it saves. Read likewise.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
