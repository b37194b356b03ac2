"""`python -m concord` is `concord`."""

import sys


def main() -> None:
    """The command line; Ctrl-C while it is still being imported says no more than later."""
    try:
        from concord.cli import main
    except KeyboardInterrupt:
        print("concord: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    main()


if __name__ == "__main__":
    main()
