package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice.example/sdk/go/sluice/deployment"
	"sluice.example/sdk/go/sluice/provider"
)

// notSent are fields that are for the gateway, or that change nothing here.
var notSent = []string{"model", "messages", "stream", "stream_options", "user", "metadata", "drop_params"}

type request struct {
	Messages            []json.RawMessage `json:"messages"`
	MaxTokens           json.RawMessage   `json:"max_tokens"`
	MaxCompletionTokens json.RawMessage   `json:"max_completion_tokens"`
	Temperature         json.RawMessage   `json:"temperature"`
	Stream              bool              `json:"stream"`
	DropParams          bool              `json:"drop_params"`
}

type acmeRequest struct {
	Model       string          `json:"model"`
	Prompt      string          `json:"prompt"`
	MaxTokens   json.RawMessage `json:"max_tokens,omitempty"`
	Temperature json.RawMessage `json:"temperature,omitempty"`
	Stream      bool            `json:"stream,omitempty"`
}

// translate makes Acme's request of a chat completion's, and says whether the answer is streamed. What Acme cannot do is
// refused by name, and never dropped silently.
func translate(body []byte, model string) (translated []byte, isStreaming bool, err error) {
	var asked request
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, false, provider.BadParameter("messages", err.Error())
	}
	if err := check(body, asked.DropParams || deployment.IsTrue("drop_params")); err != nil {
		return nil, false, err
	}
	lines := make([]string, 0, len(asked.Messages)+1)
	for index, message := range asked.Messages {
		line, err := lineOf(message, fmt.Sprintf("messages[%d]", index))
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, line)
	}
	to := acmeRequest{
		Model: model, Prompt: strings.Join(append(lines, "assistant:"), "\n"),
		MaxTokens: given(asked.MaxTokens), Temperature: given(asked.Temperature), Stream: asked.Stream,
	}
	if newer := given(asked.MaxCompletionTokens); newer != nil {
		to.MaxTokens = newer
	}
	translated, err = json.Marshal(to)
	return translated, asked.Stream, err
}

// check refuses fields that Acme has no word for, unless they may be dropped.
func check(body []byte, mayDrop bool) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || mayDrop {
		return err
	}
	known := append([]string{"max_tokens", "max_completion_tokens", "temperature"}, notSent...)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := string(fields[name])
		if slices.Contains(known, name) || value == "null" || name == "n" && value == "1" {
			continue
		}
		return provider.NotSupported(name, fmt.Sprintf("Acme has no word for `%s`", name))
	}
	return nil
}

// given is nil for null, which says nothing.
func given(value json.RawMessage) json.RawMessage {
	if string(value) == "null" {
		return nil
	}
	return value
}

// lineOf is a line of the prompt.
func lineOf(raw json.RawMessage, place string) (string, error) {
	var message struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(raw, &message); err != nil {
		return "", provider.BadParameter(place, err.Error())
	}
	switch message.Role {
	case "system", "user", "assistant":
	case "developer":
		message.Role = "system"
	default:
		return "", provider.BadParameter(place+".role", place+".role is none that Acme knows")
	}
	text, err := textOf(given(message.Content), place+".content")
	return message.Role + ": " + text, err
}

// textOf reads a content: text, or parts that are text.
func textOf(content json.RawMessage, place string) (string, error) {
	var text string
	if content == nil || json.Unmarshal(content, &text) == nil {
		return text, nil
	}
	var parts []json.RawMessage
	if json.Unmarshal(content, &parts) != nil {
		return "", provider.BadParameter(place, place+" is neither text nor parts")
	}
	for number, raw := range parts {
		var part struct {
			Type string  `json:"type"`
			Text *string `json:"text"`
		}
		if json.Unmarshal(raw, &part) != nil || part.Type != "text" || part.Text == nil {
			place := fmt.Sprintf("%s[%d]", place, number)
			return "", provider.BadParameter(place, place+" is no text, and Acme takes nothing else")
		}
		text += *part.Text
	}
	return text, nil
}
