"""`python -m ladder` is the command line."""

from ladder.cli import main

if __name__ == "__main__":
    main()
