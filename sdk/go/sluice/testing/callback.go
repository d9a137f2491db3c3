//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"errors"
	"testing"

	"sluice.example/sdk/go/sluice/callback"
)

type callbackCase struct {
	About    string            `json:"about"`
	Settings json.RawMessage   `json:"settings"`
	Records  []json.RawMessage `json:"records"`
	HTTP     []roundTrip       `json:"http"`
	Outcome  any               `json:"outcome"`
}

// RunCallback runs the case files of a folder, each a list of:
//
//	{"about", "settings": {…}, "records": [{…}],
//	 "http": [{"request": {"method", "url", "body"?}, "response": {"status", "body"?}}],
//	 "outcome": "ok" | {"retry": "…"} | {"reject": "…"}}
//
// A body that is a string is text; another one is JSON.
func RunCallback[S any, P callback.Callback](t *testing.T, folder string, make func(S) (P, error)) {
	t.Helper()
	about := func(is *callbackCase) string { return is.About }
	runLists(t, folder, about, func(t *testing.T, is *callbackCase) {
		script := script{t: t, trips: is.HTTP}
		Install(t, &Host{Settings: string(is.Settings), HTTP: script.answer})
		err := mustCreate(t, make, is.Settings).Deliver(is.Records)
		script.checkAllSent()
		compare(t, "outcome", is.Outcome, outcome(err))
	})
}

func outcome(err error) any {
	var delivery *callback.DeliveryError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &delivery) && delivery.IsFinal:
		return map[string]any{"reject": err.Error()}
	default:
		return map[string]any{"retry": err.Error()}
	}
}

// WantRetry checks that an error of Deliver asks for another try, with this reason.
func WantRetry(t *testing.T, err error, reason string) {
	t.Helper()
	compare(t, "outcome", map[string]any{"retry": reason}, outcome(err))
}
