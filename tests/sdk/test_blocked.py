"""Nothing on an exchange's path waits for a log line, a callback, the disk or a reload: each of them is blocked here."""

import concurrent.futures
import http.client
import json
import socket
import subprocess
import threading
import urllib.parse

from conftest import KEY, serving

EXCHANGES = 10_000
CLIENTS = 16


class SilentReceiver:
    """Takes connections and what comes over them, and never answers."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.taken = []
        threading.Thread(target=self.take, daemon=True).start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def take(self):
        while True:
            try:
                self.taken.append(self.listener.accept())
            except OSError:
                return  # The listener was closed.

    def __exit__(self, *_):
        self.listener.close()


def configuration(receiver, temperature):
    return json.dumps({
        "model_list": [
            {
                "model_name": "demo",
                "litellm_params": {"model": "openai/demo", "mock_response": "Hello", "temperature": temperature},
            }
        ],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"callbacks": ["webhook"]},
        "callback_settings": {"webhook": {"endpoint": f"{receiver}/records"}},
        "sluice": {
            "plugins": {"webhook": {"outbound": [receiver]}},
            # A disk without room: <https://man7.org/linux/man-pages/man4/full.4.html>
            "decisions": {"file": "/dev/full"},
        },
    })


def ask(base, count):
    """The statuses of so many exchanges over one connection."""
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    body = json.dumps({"model": "demo", "messages": [{"role": "user", "content": "hi"}]})
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    statuses = []
    for _ in range(count):
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


def metric(base, name):
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    connection.request("GET", "/metrics", headers={"authorization": f"Bearer {KEY}"})
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def test_exchanges_go_on_while_everything_beside_them_is_blocked(tmp_path):
    with SilentReceiver() as receiver:
        # A pipe that nobody reads holds 64 KiB, which are some hundred lines.
        with serving(tmp_path, configuration(receiver, 0), stderr=subprocess.PIPE) as base:
            is_over = threading.Event()

            def reload():
                temperature = 0
                while not is_over.wait(1):
                    temperature += 1
                    (tmp_path / "config.yaml").write_text(configuration(receiver, temperature % 2))

            reloading = threading.Thread(target=reload)
            reloading.start()
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
                asked = [clients.submit(ask, base, EXCHANGES // CLIENTS) for _ in range(CLIENTS)]
                statuses = [status for client in asked for status in client.result()]
            is_over.set()
            reloading.join()
            assert statuses == [200] * EXCHANGES
            assert metric(base, "sluice_log_lines_dropped_total") > 0
            assert metric(base, "sluice_reloads_total") > 0
