// Speaks the API of Acme, a provider that does not exist:
//
//	POST /v1/generate {"model", "prompt", "max_tokens", "temperature", "stream"}
//
//	whole     {"id": "…", "output": {"text": "…"}, "end": "stop", "tokens": {"in": 9, "out": 2}}
//	streamed  data: {"id": "…", "output": {"text": "He"}}    data: {"end": "stop", "tokens": {"in": 9, "out": 2}}
//	failed    {"error": {"kind": "busy", "message": "…"}}    with any status, or as an event
package main

import (
	"sluice.example/sdk/go/sluice"
	"sluice.example/sdk/go/sluice/chat"
	"sluice.example/sdk/go/sluice/exchange"
	"sluice.example/sdk/go/sluice/provider"
)

func init() {
	sluice.Export(sluice.Manifest{
		Name:     "my-adapter",
		Version:  "0.1.0",
		Summary:  "Speaks Acme's API.",
		Outbound: []string{"api.acme.example"},
	}, New, provider.Kind)
}

func main() {}

// MyAdapter keeps the state of one attempt.
type MyAdapter struct {
	provider.Base
	model  string
	chunks *chat.Chunks // nil before the first event
}

func New(sluice.NoSettings) (*MyAdapter, error) { return &MyAdapter{}, nil }

func (*MyAdapter) Providers() []provider.Info {
	return []provider.Info{{
		Name:        "acme", // the prefix in `model: acme/large`
		APIBase:     "https://api.acme.example",
		Auth:        provider.Bearer("api_key"),
		Environment: [][2]string{{"api_key", "ACME_API_KEY"}},
	}}
}

func (adapter *MyAdapter) Open(target provider.Target) (*provider.Request, error) {
	body, isStreaming, err := translate(exchange.Body(), target.Model)
	if err != nil {
		return nil, err
	}
	// The instance may have served another attempt before.
	*adapter = MyAdapter{model: target.Model}
	reading := provider.ReadWhole
	if isStreaming {
		reading = provider.ReadServerSentEvents
	}
	return &provider.Request{PathAndQuery: "/v1/generate", Body: provider.Bytes(body), Reading: reading}, nil
}

func (adapter *MyAdapter) Whole(body []byte) ([]byte, error) {
	said, err := read(body)
	if err != nil {
		return nil, err
	}
	if said.Output.Text == nil {
		return nil, provider.Malformed("it has no `output.text`")
	}
	answer := chat.Answer{ID: said.ID, Model: adapter.model}
	return answer.Whole(chat.Text(*said.Output.Text), said.finishReason(), said.usage()), nil
}

func (adapter *MyAdapter) Events(batch []provider.Event) ([]byte, error) {
	for _, event := range batch {
		said, err := read(event.Data)
		if err != nil {
			return adapter.written(), err
		}
		adapter.write(said)
	}
	return adapter.written(), nil
}

func (adapter *MyAdapter) write(said *said) {
	if adapter.chunks == nil {
		adapter.chunks = chat.NewChunks(chat.Answer{ID: said.ID, Model: adapter.model})
		adapter.chunks.Delta(chat.Delta{Role: "assistant"})
	}
	if text := said.Output.Text; text != nil && *text != "" {
		adapter.chunks.Delta(chat.Delta{Content: *text})
	}
	if said.End != "" {
		adapter.chunks.Finish(said.finishReason())
		adapter.chunks.Usage(said.usage())
		adapter.chunks.Done()
	}
}

func (adapter *MyAdapter) written() []byte {
	if adapter.chunks == nil {
		return nil
	}
	return adapter.chunks.Bytes()
}

// Finish is called only if no event had an `end`.
func (*MyAdapter) Finish() ([]byte, error) {
	return nil, provider.Malformed("the stream broke off before its `end`")
}

func (*MyAdapter) Refuse(_ provider.Target, status int, body []byte) *provider.Failure {
	if failure := failureOf(body); failure != nil {
		return failure
	}
	return provider.FailureFromOpenAI(status, body)
}
