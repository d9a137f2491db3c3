"""`python -m sluice_plugin.testing FOLDER`: runs the cases of a plugin's folder, without a gateway."""

from __future__ import annotations

import importlib
import pathlib
import sys

from .. import _export
from . import cases


def main(folder: str) -> int:
    root = pathlib.Path(folder).resolve()
    sys.path.insert(0, str(root))
    _export.forget()
    importlib.import_module("plugin")
    failed = cases.run(_export.exported(), root / "cases")
    for line in failed:
        print(line)
    print(f"{cases.count(root / 'cases')} cases, {len(failed)} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sluice_plugin.testing FOLDER")
    sys.exit(main(sys.argv[1]))
