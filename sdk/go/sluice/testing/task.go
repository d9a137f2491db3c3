//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"testing"

	"sluice.example/sdk/go/sluice/periodic"
)

type taskCase struct {
	About    string            `json:"about"`
	Settings json.RawMessage   `json:"settings"`
	HTTP     []roundTrip       `json:"http"`
	WaitMs   int64             `json:"wait_ms"`
	Error    string            `json:"error"`
	State    map[string]string `json:"state"`
}

// RunTask runs the case files of a folder, each a list of:
//
//	{"about", "settings": {…}, "http": [{"request": {"method", "url", "body"?}, "response": {"status", "body"?}}],
//	 "wait_ms": 60000 or "error": "…", "state"?: {key: text}}
//
// `state` is what the round left, if the case says it.
func RunTask[S any, P periodic.Task](t *testing.T, folder string, make func(S) (P, error)) {
	t.Helper()
	about := func(is *taskCase) string { return is.About }
	runLists(t, folder, about, func(t *testing.T, is *taskCase) {
		script := script{t: t, trips: is.HTTP}
		to := &Host{Settings: string(is.Settings), HTTP: script.answer}
		Install(t, to)
		pause, err := mustCreate(t, make, is.Settings).Tick()
		script.checkAllSent()
		if message := sentence(err); message != is.Error {
			t.Fatalf("the error is %q, expected %q", message, is.Error)
		}
		if err == nil && pause.Milliseconds() != is.WaitMs {
			t.Errorf("the pause is %d ms, expected %d", pause.Milliseconds(), is.WaitMs)
		}
		for key, text := range is.State {
			if got := string(to.State[key]); got != text {
				t.Errorf("state.%s: expected %q, got %q", key, text, got)
			}
		}
	})
}
