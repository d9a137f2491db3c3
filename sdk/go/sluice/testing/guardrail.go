//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"testing"

	"sluice.example/sdk/go/sluice/guardrail"
)

type guardrailCase struct {
	About    string          `json:"about"`
	Settings json.RawMessage `json:"settings"`
	Stage    string          `json:"stage"`
	Passages []struct {
		Role   string `json:"role"`
		Before string `json:"before"`
		Text   string `json:"text"`
	} `json:"passages"`
	Request    json.RawMessage   `json:"request"`
	Attributes map[string]string `json:"attributes"`
	Notes      map[string]string `json:"notes"`
	Verdict    any               `json:"verdict"`
}

// RunGuardrail runs the case files of a folder, each a list of:
//
//	{"about", "settings", "stage": "request|response|stream-window|stream-end",
//	 "passages": [{"role", "text", "before"?}], "request"?: {…}, "attributes"?: {…}, "notes"?: {key: text},
//	 "verdict": "pass" | {"rewrite": ["text" or ["text", hold], …]} | {"hold": [n, …]} | {"block": "code", "message": "…"}}
func RunGuardrail[S any, P guardrail.Check](t *testing.T, folder string, make func(S) (P, error)) {
	t.Helper()
	about := func(is *guardrailCase) string { return is.About }
	runLists(t, folder, about, func(t *testing.T, is *guardrailCase) {
		notes := map[string][]byte{}
		for key, text := range is.Notes {
			notes[key] = []byte(text)
		}
		Install(t, &Host{
			Settings: string(is.Settings), Request: string(is.Request), Attributes: is.Attributes, Notes: notes,
		})
		plugin := mustCreate(t, make, is.Settings)
		var passages []guardrail.Passage
		for _, passage := range is.Passages {
			passages = append(passages, guardrail.Passage(passage))
		}
		verdict, err := plugin.Inspect(stageOf(t, is.Stage), passages)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "verdict", plain(is.Verdict), document(t, describe(verdict)))
	})
}

func stageOf(t *testing.T, name string) guardrail.Stage {
	t.Helper()
	for stage := guardrail.Request; stage <= guardrail.StreamEnd; stage++ {
		if stage.String() == name {
			return stage
		}
	}
	t.Fatalf("no stage is called %q", name)
	return 0
}

// plain writes an edit `["text", 0]` as `"text"`.
func plain(verdict any) any {
	fields, _ := verdict.(map[string]any)
	edits, _ := fields["rewrite"].([]any)
	for i, edit := range edits {
		if pair, is := edit.([]any); is && len(pair) == 2 && pair[1] == 0.0 {
			edits[i] = pair[0]
		}
	}
	return verdict
}

func describe(verdict guardrail.Verdict) any {
	switch verdict := verdict.(type) {
	case guardrail.Rewrite:
		edits := []any{}
		for _, edit := range verdict {
			if edit.Hold == 0 {
				edits = append(edits, edit.Text)
			} else {
				edits = append(edits, []any{edit.Text, edit.Hold})
			}
		}
		return map[string]any{"rewrite": edits}
	case guardrail.Hold:
		return map[string]any{"hold": verdict}
	case guardrail.Block:
		return map[string]any{"block": verdict.Code, "message": verdict.Message}
	default:
		return "pass"
	}
}

// beforeCharacters is how much of what was sent the host shows.
const beforeCharacters = 256

// Stream hands a streamed answer to the guardrail as the host does, one piece after the other. It returns what the client
// gets, and the block that ended the stream, if one did.
func Stream(t testing.TB, plugin guardrail.Check, pieces ...string) (sent string, block *guardrail.Block) {
	t.Helper()
	var client, waiting []rune
	step := func(stage guardrail.Stage) bool {
		before := client[max(0, len(client)-beforeCharacters):]
		passage := guardrail.Passage{Role: "assistant", Before: string(before), Text: string(waiting)}
		verdict, err := plugin.Inspect(stage, []guardrail.Passage{passage})
		if err != nil {
			t.Fatal(err)
		}
		text, hold := waiting, 0
		switch verdict := verdict.(type) {
		case guardrail.Block:
			block = &verdict
			return false
		case guardrail.Rewrite:
			text, hold = []rune(verdict[0].Text), int(verdict[0].Hold)
		case guardrail.Hold:
			hold = int(verdict[0])
			text = waiting[:len(waiting)-hold]
		}
		if stage == guardrail.StreamEnd {
			hold = 0
		}
		client = append(client, text...)
		waiting = append([]rune(nil), waiting[len(waiting)-hold:]...)
		return true
	}
	for _, piece := range pieces {
		waiting = append(waiting, []rune(piece)...)
		if !step(guardrail.StreamWindow) {
			return string(client), block
		}
	}
	step(guardrail.StreamEnd)
	return string(client), block
}
