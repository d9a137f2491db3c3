"""Tools: calls, parallel calls, results, and calls that arrive in pieces."""

import json

import pytest


def tool(name):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": "Looks something up.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }


ARGUMENTS = {"city": "Zürich", "days": 3}
QUESTION = [{"role": "user", "content": "What will the weather be?"}]


@pytest.mark.parametrize("names", [["weather"], ["weather", "forecast"]], ids=["one", "parallel"])
def test_tools_are_called(client, dialect, names):
    tools = [tool(name) for name in names]
    answer = client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION, tools=tools)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [call.function.name for call in choice.message.tool_calls] == names
    assert all(json.loads(call.function.arguments) == ARGUMENTS for call in choice.message.tool_calls)
    assert len({call.id for call in choice.message.tool_calls}) == len(names)


@pytest.mark.parametrize("names", [["weather"], ["weather", "forecast"]], ids=["one", "parallel"])
def test_streamed_calls_arrive_in_pieces(client, dialect, names):
    tools = [tool(name) for name in names]
    stream = client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION, tools=tools, stream=True)
    calls, finish_reason = {}, None
    for chunk in stream:
        finish_reason = chunk.choices[0].finish_reason or finish_reason
        for piece in chunk.choices[0].delta.tool_calls or []:
            call = calls.setdefault(piece.index, {"id": None, "name": "", "arguments": ""})
            call["id"] = piece.id or call["id"]
            call["name"] += piece.function.name or ""
            call["arguments"] += piece.function.arguments or ""
    assert finish_reason == "tool_calls"
    assert [calls[index]["name"] for index in sorted(calls)] == names
    assert all(json.loads(call["arguments"]) == ARGUMENTS for call in calls.values())
    assert all(call["id"] for call in calls.values())


def test_results_go_back_and_are_answered(client, dialect):
    tools = [tool("weather"), tool("forecast")]
    asked = client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION, tools=tools)
    message = asked.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    conversation = [*QUESTION, message.model_dump(exclude_none=True), *results]
    answer = client.chat.completions.create(model=f"{dialect}-good", messages=conversation, tools=tools)
    assert answer.choices[0].message.content == "Grüße from the upstream"
    assert answer.choices[0].finish_reason == "stop"
