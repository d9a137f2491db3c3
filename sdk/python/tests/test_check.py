"""What cannot work in a component is found in the sources, with what to use instead."""

from __future__ import annotations

import pathlib

import pytest

from sluice_plugin.check import check
from sluice_plugin.check.__main__ import main

EXPORT = "\nexport(P)\n"

FOUND = {
    "import requests": "1:1: error: `requests`: a component has no sockets: use `sluice_plugin.http`",
    "import urllib.request": "1:1: error: `urllib.request`: a component has no sockets",
    "from urllib import request": "1:1: error: `urllib.request`: a component has no sockets",
    "import numpy as np": "1:1: error: `numpy`: it has native code",
    "import redis": "1:1: error: `redis`: a component has no sockets: keep values in `sluice_plugin.state`",
    "import unheard_of": "1:1: error: `unheard_of`: it is not in the standard library",
    "import litellm": "1:1: error: `litellm`: change the import to `sluice_plugin.litellm`",
    "import threading": "1:1: error: `threading`: a component is one thread",
    "def f():\n    import json": "2:5: error: `json`: it is imported when the plugin runs",
    "open('x')": "1:1: error: `open`: a component has no files",
    "import pathlib\npathlib.Path('x').read_text()": "2:1: error: `read_text`: a component has no files",
    "import os\nKEY = os.environ['KEY']": "2:7: error: `os.environ`: a component has no environment",
    "from os import getenv\ngetenv('KEY')": "2:1: error: `os.getenv`: a component has no environment",
    "import time as t\nt.sleep(1)": "2:1: error: `time.sleep`: nothing waits in a component",
    "import asyncio\nasync def f():\n    await asyncio.gather()": "3:11: error: `asyncio.gather`: a component has no event loop",
    "import uuid\nuuid.uuid4()": "2:1: error: `uuid.uuid4`: a component has no secure randomness",
    "class P(Guardrail):\n    def inspect(self, a, b):\n        self.seen = 1": "3:9: warning: `self.seen`: this is gone",
    "class P(CustomLogger):\n    async def f(self):\n        self.n[1] += 1": "3:9: warning: `self.n`: this is gone",
    "def f(": "error: it is no Python",
}


def of(folder: pathlib.Path, source: str) -> list[str]:
    (folder / "plugin.py").write_text(source)
    return [str(finding) for finding in check(folder)]


@pytest.mark.parametrize("source", FOUND, ids=range(len(FOUND)))
def test_it_is_found(tmp_path: pathlib.Path, source: str) -> None:
    found = of(tmp_path, source + EXPORT if source != "def f(" else source)
    assert len(found) == 1, found
    assert FOUND[source] in found[0]


FINE = [
    "import json, re, datetime, random, hashlib, asyncio",
    "try:\n    from litellm.integrations.custom_logger import CustomLogger\nexcept ImportError:\n    from sluice_plugin.litellm import CustomLogger",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy",
    "import asyncio\nasync def f():\n    await asyncio.sleep(0)",
    "class P(Guardrail):\n    def __init__(self, settings):\n        self.words = 1",
    "class P(ProviderAdapter):\n    def open(self, target):\n        self.model = 1",
    "import time\nNOW = time.time",
]


@pytest.mark.parametrize("source", FINE, ids=range(len(FINE)))
def test_it_is_fine(tmp_path: pathlib.Path, source: str) -> None:
    assert of(tmp_path, source + EXPORT) == []


def test_modules_of_the_folder_are_read_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "__init__.py").write_text("")
    (tmp_path / "inner" / "deep.py").write_text("import socket")
    (tmp_path / "other.py").write_text("from inner import deep")
    (tmp_path / "not_imported.py").write_text("import socket")
    found = of(tmp_path, "import other" + EXPORT)
    assert [line.split(":")[0] for line in found] == ["inner/deep.py"]


def test_a_plugin_that_exports_nothing_is_told(tmp_path: pathlib.Path) -> None:
    assert "it exports nothing" in of(tmp_path, "x = 1")[0]


def test_a_folder_without_a_plugin_is_told(tmp_path: pathlib.Path) -> None:
    assert "plugin.py" in str(check(tmp_path)[0])
    assert main([str(tmp_path)]) == 1
    assert main([]) == 2


def test_a_warning_does_not_stop_the_build(tmp_path: pathlib.Path) -> None:
    (tmp_path / "plugin.py").write_text("class P(Guardrail):\n    def inspect(self):\n        self.n = 1" + EXPORT)
    assert main([str(tmp_path)]) == 0


EXAMPLES = sorted((pathlib.Path(__file__).parents[1] / "examples" / "litellm").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_the_ported_hooks_are_fine(tmp_path: pathlib.Path, example: pathlib.Path) -> None:
    (tmp_path / example.name).write_text(example.read_text())
    plugin = f"from {example.stem} import handler\nfrom sluice_plugin.litellm import export\nexport(handler)\n"
    assert of(tmp_path, plugin) == []
