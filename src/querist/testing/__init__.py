"""Public contract suites: inherit one and your own part is tested like a built-in."""
