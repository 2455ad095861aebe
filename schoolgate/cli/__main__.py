"""python -m schoolgate.cli: the `schoolgate` command without its script."""

from schoolgate.cli import main

if __name__ == "__main__":
    main()
