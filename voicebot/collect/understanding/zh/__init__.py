"""Chinese: the readers of the fields whose grammar differs. Its words are `zh-CN.toml`."""
