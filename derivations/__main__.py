"""``python -m derivations`` is the command ``gradgap``."""

from derivations.cli import main

if __name__ == "__main__":
    main()
