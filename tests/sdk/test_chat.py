"""Whole answers."""

WORDS = "Grüße from the upstream"
QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who answers?"}]


def test_a_chat_is_answered(client, dialect):
    answer = client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content == WORDS
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.id and answer.created > 0


def test_usage_is_told(client, dialect):
    usage = client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (11, 7, 18)


def test_the_model_is_called_as_the_client_called_it(client, dialect):
    answer = client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION)
    assert answer.model == f"{dialect}-good"


def test_the_demo_group_answers_without_an_upstream(client):
    answer = client.chat.completions.create(model="demo", messages=QUESTION)
    assert answer.choices[0].message.content == "Hello from Sluice"


def test_a_completion_is_answered(client):
    answer = client.completions.create(model="openai-good", prompt="Once", max_tokens=5)
    assert answer.choices[0].text == "Once upon a time"


def test_embeddings_are_answered(client):
    answer = client.embeddings.create(model="openai-good", input=["a", "b"], encoding_format="float")
    assert [item.embedding for item in answer.data] == [[0.25, -0.5], [0.25, -0.5]]
    assert answer.usage.prompt_tokens == 11


def test_models_are_listed(client):
    names = {model.id for model in client.models.list()}
    assert {"demo", "openai-good", "azure-good", "anthropic-good"} <= names
    assert client.models.retrieve("demo").id == "demo"
