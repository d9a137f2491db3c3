//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"testing"

	"sluice.example/sdk/go/sluice/hook"
)

type hookCase struct {
	About      string            `json:"about"`
	Settings   json.RawMessage   `json:"settings"`
	Operation  string            `json:"operation"`
	Request    json.RawMessage   `json:"request"`
	Attributes map[string]string `json:"attributes"`
	Decision   any               `json:"decision"`
	Notes      map[string]any    `json:"notes"`
}

// RunHook runs the case files of a folder, each a list of:
//
//	{"about", "settings": {…}, "operation": "chat-completions", "request": {…}, "attributes": {…},
//	 "decision": "proceed" | {"change": [{"set": place, "to": value}, {"insert": place, "value": value}, {"remove": place}],
//	 "ask": group} | {"answer": text} | {"refuse": [status, code, message, retry-after-ms]}, "notes": {name: value}}
//
// `notes` are those that the hook published.
func RunHook[S any, P hook.Hook](t *testing.T, folder string, make func(S) (P, error)) {
	t.Helper()
	about := func(is *hookCase) string { return is.About }
	runLists(t, folder, about, func(t *testing.T, is *hookCase) {
		to := &Host{
			Settings: string(is.Settings), Operation: is.Operation, Request: string(is.Request),
			Attributes: is.Attributes,
		}
		Install(t, to)
		decision, err := mustCreate(t, make, is.Settings).Prepare()
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "decision", is.Decision, document(t, decided(decision)))
		published := map[string]any{}
		for name, text := range to.Published {
			value, err := parsed([]byte(text))
			if err != nil {
				t.Errorf("the note %s is no JSON: %v", name, err)
			}
			published[name] = value
		}
		if is.Notes == nil {
			is.Notes = map[string]any{}
		}
		compare(t, "notes", is.Notes, published)
	})
}

func decided(decision hook.Decision) any {
	switch decision := decision.(type) {
	case hook.Changes:
		if decision.IsEmpty() {
			return "proceed"
		}
		edits := []any{}
		for _, edit := range decision.Edits {
			switch edit.Operation {
			case hook.Set:
				edits = append(edits, map[string]any{"set": edit.Place, "to": edit.Value})
			case hook.Insert:
				edits = append(edits, map[string]any{"insert": edit.Place, "value": edit.Value})
			case hook.Remove:
				edits = append(edits, map[string]any{"remove": edit.Place})
			}
		}
		written := map[string]any{"change": edits}
		if decision.ModelGroup != "" {
			written["ask"] = decision.ModelGroup
		}
		return written
	case hook.Answer:
		return map[string]any{"answer": decision}
	case hook.Refuse:
		return map[string]any{"refuse": []any{
			decision.Status, decision.Code, decision.Message, decision.RetryAfter.Milliseconds(),
		}}
	default:
		return "proceed"
	}
}
