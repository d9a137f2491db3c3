// Masks the words of one list in requests, answers and streams, and refuses exchanges with a word of another list.
package main

import (
	_ "embed"

	"sluice.example/sdk/go/sluice"
	"sluice.example/sdk/go/sluice/guardrail"
)

//go:embed settings.schema.json
var settingsSchema string

func init() {
	sluice.Export(sluice.Manifest{
		Name:           "my-guardrail",
		Version:        "0.1.0",
		Summary:        "Masks words, and refuses exchanges with words that are forbidden.",
		SettingsSchema: settingsSchema,
	}, New, guardrail.Kind)
}

func main() {}

// Settings are what settings.schema.json describes.
type Settings struct {
	Mask  []string `json:"mask"`
	Block []string `json:"block"`
}

// MyGuardrail looks for words. It keeps nothing between calls: on a stream the host brings held text back.
type MyGuardrail struct {
	words Words
}

func New(settings Settings) (*MyGuardrail, error) {
	return &MyGuardrail{NewWords(settings.Mask, settings.Block)}, nil
}

func (plugin *MyGuardrail) Inspect(stage guardrail.Stage, passages []guardrail.Passage) (guardrail.Verdict, error) {
	// At the end of a stream, and of what is no stream, nothing can follow.
	moreComes := stage == guardrail.StreamWindow
	edits := make(guardrail.Rewrite, len(passages))
	holds := make(guardrail.Hold, len(passages))
	isMasked, isHeld := false, false
	for i, passage := range passages {
		found := plugin.words.Find(passage.Before, passage.Text, moreComes)
		if found.IsForbidden {
			return guardrail.Block{Code: "words.forbidden", Message: "The text has a word that is not allowed here."}, nil
		}
		edits[i] = guardrail.Edit{Text: found.Text, Hold: found.Held}
		holds[i] = found.Held
		isMasked = isMasked || found.IsMasked
		isHeld = isHeld || found.Held > 0
	}
	switch {
	case isMasked:
		return edits, nil
	case isHeld:
		return holds, nil
	default:
		return guardrail.Pass{}, nil
	}
}
