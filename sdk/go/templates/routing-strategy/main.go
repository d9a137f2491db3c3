// Prefers the deployments with the lowest price among those that have room; ties are broken by fewest attempts under way.
package main

import (
	"cmp"
	"math"
	"slices"

	"sluice.example/sdk/go/sluice"
	"sluice.example/sdk/go/sluice/candidates"
	"sluice.example/sdk/go/sluice/routing"
)

func init() {
	sluice.Export(sluice.Manifest{
		Name:    "my-strategy",
		Version: "0.1.0",
		Summary: "Prefers the lowest price among deployments that have room.",
	}, New, routing.Kind)
}

func main() {}

// MyStrategy reads only what is neutral, so that its instance is used again.
type MyStrategy struct{}

func New(sluice.NoSettings) (*MyStrategy, error) { return &MyStrategy{}, nil }

// Rank puts deployments without room last: they are tried if all others fail.
func (*MyStrategy) Rank() ([]uint32, error) {
	exhausted := candidates.Exhausted()
	input := candidates.Numbers(candidates.InputPrices)
	output := candidates.Numbers(candidates.OutputPrices)
	inFlight := candidates.Numbers(candidates.InFlight)

	ranking := make([]uint32, candidates.Count())
	for i := range ranking {
		ranking[i] = uint32(i)
	}
	slices.SortStableFunc(ranking, func(a, b uint32) int {
		return cmp.Or(
			compareBools(exhausted[a], exhausted[b]),
			cmp.Compare(price(input[a], output[a]), price(input[b], output[b])),
			cmp.Compare(inFlight[a], inFlight[b]),
		)
	})
	return ranking, nil
}

// price is what a million tokens of each sort cost together. A price that is not known comes after all that are.
func price(input, output float64) float64 {
	if sum := input + output; !math.IsNaN(sum) {
		return sum
	}
	return math.Inf(1)
}

// compareBools puts false first.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
