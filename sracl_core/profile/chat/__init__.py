"""A profile request as a chat with a language model: prompts, tokens, answers checked, rounds of asking."""
