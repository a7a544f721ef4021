"""Spanish: the readers of the fields whose grammar differs. Its words are `es.toml`."""
