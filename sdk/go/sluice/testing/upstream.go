//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice.example/sdk/go/sluice/provider"
)

type upstreamAnswer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Text    *string           `json:"text"`
	Events  []struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	} `json:"events"`
}

func (answer *upstreamAnswer) status() int {
	if answer.Status == 0 {
		return 200
	}
	return answer.Status
}

func (answer *upstreamAnswer) bytes() []byte {
	if answer.Text != nil {
		return []byte(*answer.Text)
	}
	return answer.Body
}

// events are those that the host would hand over: without `[DONE]` and what follows it.
func (answer *upstreamAnswer) events(t *testing.T) []provider.Event {
	t.Helper()
	if answer.Text != nil {
		t.Fatal("write a stream as `events`: these tests do not read text as a stream")
	}
	var events []provider.Event
	for _, event := range answer.Events {
		data := []byte(event.Data)
		var text string
		if json.Unmarshal(data, &text) == nil { // Text is taken as it is.
			data = []byte(text)
		}
		if string(data) == "[DONE]" {
			break
		}
		events = append(events, provider.Event{Name: event.Event, Data: data})
	}
	return events
}

// parseChunks reads the form on which the host relies: `data: <json>` and an empty line.
func parseChunks(t *testing.T, text string) []any {
	t.Helper()
	chunks := []any{}
	for text != "" {
		chunk, rest, isWhole := strings.Cut(text, "\n\n")
		data, isChunk := strings.CutPrefix(chunk, "data: ")
		value, err := parsed([]byte(data))
		if !isWhole || !isChunk || err != nil {
			t.Fatalf("not a chunk: %q (%v)", chunk, err)
		}
		chunks, text = append(chunks, value), rest
	}
	return chunks
}

// sentBody is the body as the host would send it.
func sentBody(t *testing.T, request json.RawMessage, body provider.Body) any {
	t.Helper()
	form, data := body.Form()
	must := func(text []byte) any {
		value, err := parsed(text)
		if err != nil {
			t.Fatalf("the body is no JSON: %v\n%s", err, text)
		}
		return value
	}
	switch form {
	case 1:
		return must(request)
	case 2:
		return merge(must(request), must(data))
	case 3:
		return must(data)
	case 4:
		return map[string]any{"upload": string(data)}
	default:
		return nil
	}
}

// merge is JSON Merge Patch (RFC 7396 §2).
func merge(target, patch any) any {
	fields, is := patch.(map[string]any)
	if !is {
		return patch
	}
	merged := map[string]any{}
	if target, is := target.(map[string]any); is {
		for name, value := range target {
			merged[name] = value
		}
	}
	for name, value := range fields {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = merge(merged[name], value)
		}
	}
	return merged
}
