"""`python -m voicebot.openai_sim`: the same as `voicebot openai-sim`."""

import typer

from voicebot.openai_sim.command import openai_sim

if __name__ == "__main__":
    typer.run(openai_sim)
