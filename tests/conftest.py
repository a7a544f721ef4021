"""Set up what all tests need: no settings of this machine, patient deadlines."""

import os
import signal
from importlib import import_module

from hypothesis import settings

settings.register_profile("no wall clock", deadline=None)
settings.load_profile("no wall clock")

_OURS = ("VOICEBOT_", "OPENAI_", "OTEL_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
for name in list(os.environ):  # how this machine is set up is no matter of the tests
    if name.upper().startswith(_OURS) or name.upper() in _PROXIES:
        del os.environ[name]

# Who starts the tests in the background may ignore these, and every process here would inherit it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PATIENT_S = 60.0
"""The deadline of waits that will be answered: the machine may be slow, or stand still."""
_WAITING_FOR_SOMEBODY = (
    "console.event_hub.EXPIRE_TIMEOUT_S",
    "runtime.check_ports.CHECK_TIMEOUT_S",
    "runtime.check_services.CHECK_TIMEOUT_S",
    "openai.client._CONNECT_S",
    "speech.client.CONNECT_DEADLINE_S",
    "speech.inference_server._SEND_DEADLINE_S",
    "store.background.FINISH_PATIENCE_S",
    "store.client.ANSWER_PATIENCE_S",
    "store.client.CONNECT_PATIENCE_S",
    "store.client.POOL_PATIENCE_S",
    "store.integrator_writes.WRITE_PATIENCE_S",
    "store.store.OPEN_PATIENCE_S",
)
for deadline in _WAITING_FOR_SOMEBODY:  # who tests one of them sets it
    module, _, name = deadline.rpartition(".")
    holder = import_module(f"voicebot.{module}")
    assert hasattr(holder, name), deadline
    setattr(holder, name, PATIENT_S)
os.environ["VOICEBOT_COMMIT_DEADLINE_MS"] = str(round(PATIENT_S * 1000))
