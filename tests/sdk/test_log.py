"""The line that each exchange writes into the log, and how an operator turns it off while the gateway runs."""

import json

from conftest import KEY, client_of, serving, until


def configuration(exchanges):
    params = {"model": "openai/demo", "mock_response": "Hello"}
    return json.dumps({
        "model_list": [{"model_name": "demo", "litellm_params": params}],
        "general_settings": {"master_key": KEY},
        "sluice": {"log": {"exchanges": exchanges}},
    })


def lines(log, target):
    parsed = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return [line for line in parsed if line["target"].startswith(target)]


def ask(client):
    return client.chat.completions.create(model="demo", messages=[{"role": "user", "content": "my secret plan"}])


def test_an_exchange_writes_a_line_until_it_is_turned_off(tmp_path):
    log = tmp_path / "log"
    with log.open("w") as stderr, serving(tmp_path, configuration(exchanges=True), stderr=stderr) as base:
        client = client_of(base)
        answer = ask(client)
        until(lambda: lines(log, "sluice::exchange"), "the line")
        (line,) = lines(log, "sluice::exchange")
        assert (line["group"], line["status"], line["operation"]) == ("demo", 200, "chat-completions")
        assert line["took_ms"] >= 0 and line["id"]
        assert answer.choices[0].message.content == "Hello"

        (tmp_path / "config.yaml").write_text(configuration(exchanges=False))
        reloads = lambda: [line["message"] for line in lines(log, "sluice::gateway::reload")]
        until(lambda: any("configuration" in message for message in reloads()), "the reload")
        ask(client)
    # The gateway has stopped, so all its lines are written.
    assert len(lines(log, "sluice::exchange")) == 1
    assert "my secret plan" not in log.read_text()
