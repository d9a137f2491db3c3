from __future__ import annotations

import sys

from . import check


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m sluice_plugin.check FOLDER", file=sys.stderr)
        return 2
    findings = check(arguments[0])
    for finding in findings:
        print(finding)
    return 1 if any(finding.severity == "error" for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
