"""`python -m chaosmonkey` is the command `chaosmonkey`."""

from chaosmonkey.cli.main import main

if __name__ == "__main__":
    main()
