"""The conversation: what was understood, what happens next, what is said."""
