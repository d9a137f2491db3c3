package main

import (
	"encoding/json"
	"testing"

	"sluice.example/sdk/go/sluice/http"
	sluicetest "sluice.example/sdk/go/sluice/testing"
)

func TestCases(t *testing.T) { sluicetest.RunCallback(t, "cases", New) }

func TestAnEndpointThatIsAwayIsAskedAgain(t *testing.T) {
	sluicetest.Install(t, &sluicetest.Host{
		HTTP: func(http.Request) (*http.Response, error) { return nil, http.ErrTimeout },
	})
	plugin, _ := New(Settings{Endpoint: "https://logs.example.com/in"})
	sluicetest.WantRetry(t, plugin.Deliver([]json.RawMessage{json.RawMessage(`{}`)}), "no answer in time")
}
