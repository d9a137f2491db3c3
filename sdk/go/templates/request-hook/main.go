// Fills in a parameter that a request leaves out, caps `max_tokens`, refuses requests without a header, and notes what it
// did for the record of the exchange.
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"sluice.example/sdk/go/sluice"
	"sluice.example/sdk/go/sluice/exchange"
	"sluice.example/sdk/go/sluice/hook"
	"sluice.example/sdk/go/sluice/notes"
)

//go:embed settings.schema.json
var settingsSchema string

func init() {
	sluice.Export(sluice.Manifest{
		Name:           "my-hook",
		Version:        "0.1.0",
		Summary:        "Fills in and caps parameters, and asks for a header.",
		SettingsSchema: settingsSchema,
	}, New, hook.Kind)
}

func main() {}

// Settings are what settings.schema.json describes.
type Settings struct {
	Default struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"`
	} `json:"default"`
	MaxTokens      float64 `json:"max_tokens"`
	RequiredHeader string  `json:"required_header"`
}

// MyHook decides about requests.
type MyHook struct {
	settings Settings
}

func New(settings Settings) (*MyHook, error) { return &MyHook{settings}, nil }

func (plugin *MyHook) Prepare() (hook.Decision, error) {
	settings := &plugin.settings
	if name := settings.RequiredHeader; name != "" {
		if _, found := exchange.Attribute("header." + name); !found {
			return hook.Refuse{
				Status: 403, Code: "header.missing", Message: fmt.Sprintf("The request needs the header `%s`.", name),
			}, nil
		}
	}
	var changes hook.Changes
	if name := settings.Default.Name; name != "" {
		if _, found := exchange.Field(name); !found {
			changes.Set("/"+name, settings.Default.Value)
		}
	}
	capped := false
	if most := settings.MaxTokens; most > 0 {
		// A request may use the older name or the newer one. Numbers are neutral: reading them keeps the instance.
		for _, name := range []string{"max_tokens", "max_completion_tokens"} {
			var asked float64
			if exchange.Read(name, &asked) && asked > most {
				changes.Set("/"+name, most)
				capped = true
			}
		}
	}
	if err := notes.Publish("capped", capped); err != nil {
		return nil, err
	}
	return changes, nil
}
