"""Words: the types, events, questions, protocols and errors every other floor speaks."""
