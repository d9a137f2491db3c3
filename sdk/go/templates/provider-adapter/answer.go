package main

import (
	"encoding/json"

	"sluice.example/sdk/go/sluice/chat"
	"sluice.example/sdk/go/sluice/provider"
)

// said is a whole answer, or one event of a stream, which has some of the fields.
type said struct {
	ID     string `json:"id"`
	Output struct {
		Text *string `json:"text"`
	} `json:"output"`
	End    string `json:"end"`
	Tokens *struct {
		In  int64 `json:"in"`
		Out int64 `json:"out"`
	} `json:"tokens"`
}

// read reads an answer or an event. Its error is the failure that it reports, or that it cannot be read.
func read(body []byte) (*said, error) {
	if failure := failureOf(body); failure != nil {
		return nil, failure
	}
	var answer said
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, provider.Malformed(err)
	}
	return &answer, nil
}

func (said *said) finishReason() string {
	switch said.End {
	case "limit":
		return "length"
	case "withheld":
		return "content_filter"
	default:
		return "stop"
	}
}

func (said *said) usage() *chat.Usage {
	if said.Tokens == nil {
		return nil
	}
	return chat.NewUsage(said.Tokens.In, said.Tokens.Out)
}

// faults says what each of Acme's kinds of errors is. The fault decides whether another deployment is tried.
var faults = map[string]provider.Fault{
	"key":     provider.Authentication,
	"busy":    provider.RateLimited,
	"long":    provider.ContextWindowExceeded,
	"words":   provider.ContentFiltered,
	"request": provider.BadRequest,
	"model":   provider.NotFound,
}

// failureOf is the failure that a body reports; nil if it is none of Acme's, such as a proxy's error page.
func failureOf(body []byte) *provider.Failure {
	var report struct {
		Error *struct {
			Kind    string `json:"kind"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &report) != nil || report.Error == nil {
		return nil
	}
	failure := provider.Failure{Fault: provider.UpstreamError, Message: report.Error.Message, Code: report.Error.Kind}
	if fault, known := faults[report.Error.Kind]; known {
		failure.Fault = fault
	}
	if failure.Message == "" {
		failure.Message = "Acme failed, and does not say why"
	}
	return &failure
}
