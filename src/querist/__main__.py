"""`python -m querist`: the command line."""

from querist.cli import main

main()
