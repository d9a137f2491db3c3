// Package candidates has the deployments that a routing strategy may rank, as columns: entry i of each column is
// candidate i. All of it is neutral.
package candidates

import (
	"encoding/json"

	"sluice.example/sdk/go/internal/host"
)

// Fact is what [Having] compares.
type Fact uint8

const (
	ID Fact = iota
	Provider
	Model
	// Tag is one of `litellm_params.tags`.
	Tag
	// Region is where it runs: `eu` and `us` mean any region there.
	Region
)

// NumberColumn is a column of numbers.
type NumberColumn uint8

const (
	// Weights are `litellm_params.weight`; 0 if not given.
	Weights NumberColumn = iota
	// Orders are `litellm_params.order`, lower first; 0 if not given.
	Orders
	// InFlight counts the attempts under way now, from this process.
	InFlight
	// LatencySeconds is a moving average of seconds to the whole answer; NaN if not measured.
	LatencySeconds
	// FirstTokenSeconds is a moving average of seconds to the first token; NaN if not measured.
	FirstTokenSeconds
	// TokensPerSecond is a moving average of completion tokens a second; NaN if not measured.
	TokensPerSecond
	// SampleAges are seconds since the latest measured answer; NaN if there was none.
	SampleAges
	// FailureRates are shares of recent attempts that failed by the upstream's fault, 0 to 1.
	FailureRates
	RequestsThisMinute
	TokensThisMinute
	// RequestLimits are `litellm_params.rpm`; 0 if unlimited.
	RequestLimits
	// TokenLimits are `litellm_params.tpm`; 0 if unlimited.
	TokenLimits
	// InputPrices are USD per million tokens; NaN if unknown.
	InputPrices
	// OutputPrices are the same for tokens of the answer.
	OutputPrices
)

// TextColumn is a column of texts.
type TextColumn uint8

const (
	// IDs are stable across reloads of the configuration.
	IDs TextColumn = iota
	// Providers are the prefixes, such as `azure`.
	Providers
	// Models are names without the prefix.
	Models
	// Regions are such as `eu-west-1`; empty if not known.
	Regions
)

// Count is the number of candidates.
func Count() int { return host.Count() }

// Having says of each candidate whether the fact matches the word. But for a region, a word may end in `*`, for any end.
func Having(fact Fact, word string) []bool { return host.Having(int(fact), word) }

// Exhausted says of each candidate whether it has no room for this exchange in this minute, by its `rpm` or `tpm`.
func Exhausted() []bool { return host.Exhausted() }

// Numbers is a column of numbers.
func Numbers(column NumberColumn) []float64 { return host.Numbers(int(column)) }

// Measured is a column of numbers by its name, such as `context-windows`, and whether this host has it.
func Measured(name string) ([]float64, bool) { return host.Measured(name) }

// Texts is a column of texts.
func Texts(column TextColumn) []string { return host.Texts(int(column)) }

// Tags are `litellm_params.tags` of each candidate.
func Tags() [][]string { return host.Tags() }

// Info is one attribute of each deployment's `model_info`, as JSON; nil where a deployment does not have it.
func Info(name string) []json.RawMessage {
	texts := host.Info(name)
	values := make([]json.RawMessage, len(texts))
	for i, text := range texts {
		if text != "" {
			values[i] = json.RawMessage(text)
		}
	}
	return values
}
