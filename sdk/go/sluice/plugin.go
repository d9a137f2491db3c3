// Package sluice exports a type as a plugin of the Sluice gateway. The kinds of plugin are packages beside it: routing,
// guardrail, hook, callback, periodic and provider. What a plugin may call is in exchange, candidates, deployment, state,
// notes, http and log.
package sluice

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice.example/sdk/go/internal/host"
)

// Manifest says what a plugin is.
type Manifest struct {
	// Name in kebab-case, to which the configuration refers.
	Name string
	// Version of the plugin (semver.org).
	Version string
	// Summary is one sentence for listings.
	Summary string
	// SettingsSchema is the JSON Schema (draft 2020-12) of the settings. The host checks settings before the plugin gets
	// them. Empty if the plugin has no settings.
	SettingsSchema string
	// Outbound lists the hosts that the plugin asks to reach: `host`, `host:port` or `*.domain`; `*` asks for whatever the
	// operator names. The operator must allow each host.
	Outbound []string
	// Constrains is for routing strategies: deployments that the ranking leaves out must not be tried. The strategy is
	// then asked about a single candidate too, and the exchange is refused if it fails.
	Constrains bool
	// LooksAt lists the media that a guardrail is shown beside text.
	LooksAt []Medium
	// Extras are facts that have no field yet, as (name, value) pairs.
	Extras [][2]string
}

// Medium is what is not text.
type Medium uint8

const (
	Image Medium = iota
	Audio
	Video
	File
	// Tokens are text as numbers: the JSON of an array of a tokenizer's tokens.
	Tokens
)

var (
	// ErrUnavailable is for errors of a plugin: something that it needs is away. Wrap it:
	//
	//	return nil, fmt.Errorf("%w: the list service answered %d", sluice.ErrUnavailable, status)
	ErrUnavailable = errors.New("unavailable")
	// ErrBadSettings is for errors of a plugin: the settings cannot be used.
	ErrBadSettings = errors.New("settings")
)

// NoSettings is the type of the settings of a plugin that has none. Any setting is refused.
type NoSettings struct{}

// Kind connects a plugin with the exports of one kind, such as guardrail.Kind.
type Kind[P any] func(instance func() (P, error))

// Export exports a plugin as these kinds. Call it once, in `func init` of package main:
//
//	func init() { sluice.Export(manifest, New, guardrail.Kind) }
//	func main() {}
//
// `create` makes the plugin's value from the settings, at the first call of an instance. The value lives as long as the
// instance, which may serve one call or thousands. If `create` fails, every call of the instance fails with its error.
//
// Settings are read from JSON as encoding/json does, except that unknown fields are refused, so that typing mistakes are
// found.
func Export[S, P any](manifest Manifest, create func(settings S) (P, error), kinds ...Kind[P]) {
	if len(kinds) == 0 {
		panic("sluice.Export: name at least one kind")
	}
	exported = &manifest
	instance := once(func() (plugin P, err error) {
		settings, err := ReadSettings[S](host.Settings())
		if err == nil {
			plugin, err = create(settings)
		}
		if err != nil && !errors.Is(err, ErrBadSettings) {
			err = &badSettings{err}
		}
		return plugin, err
	})
	for _, kind := range kinds {
		kind(instance)
	}
}

// exported is the manifest that `describe` answers.
var exported *Manifest

// once is sync.OnceValues without its lock: a component has one thread.
func once[P any](make func() (P, error)) func() (P, error) {
	var (
		made  bool
		value P
		err   error
	)
	return func() (P, error) {
		if !made {
			value, err = make()
			made = true
		}
		return value, err
	}
}

// ReadSettings reads settings as [Export] does. Tests use it.
func ReadSettings[S any](text string) (settings S, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return settings, fmt.Errorf("%w: %s", ErrBadSettings, strings.TrimPrefix(err.Error(), "json: "))
	}
	return settings, nil
}

// badSettings marks an error of `create` without changing its sentence.
type badSettings struct{ error }

func (bad *badSettings) Is(target error) bool { return target == ErrBadSettings }
func (bad *badSettings) Unwrap() error        { return bad.error }
