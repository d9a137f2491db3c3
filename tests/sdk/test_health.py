"""`sluice health`, as a container's health check runs it: the program itself, exit status 0 or 1."""

import subprocess
import urllib.parse

from conftest import binary, free_port


def health(port, **environment):
    command = [binary("sluice"), "health", *(["--port", str(port)] if port else [])]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment or None, check=False)
    return run.returncode, run.stderr


def test_a_gateway_that_serves_is_healthy(gateway):
    port = urllib.parse.urlsplit(gateway).port
    assert health(port) == (0, "")
    # The address comes from the environment of the server too.
    assert health(None, PORT=str(port)) == (0, "")


def test_where_nothing_serves_the_status_is_1_with_a_reason():
    port = free_port()
    status, reason = health(port)
    assert status == 1 and f"127.0.0.1:{port}" in reason and "panicked" not in reason, reason
