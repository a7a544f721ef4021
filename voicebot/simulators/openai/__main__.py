"""`python -m voicebot.simulators.openai`, the same as `voicebot openai-sim`."""

import typer

from voicebot.simulators.openai.command import openai_sim

if __name__ == "__main__":
    typer.run(openai_sim)
