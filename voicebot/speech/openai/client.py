"""The account, which understanding shares: see voicebot.openai_api.account."""

from voicebot.openai_api.account import Account, account

__all__ = ["Account", "account"]
