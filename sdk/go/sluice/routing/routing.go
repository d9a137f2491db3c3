// Package routing is the kind `routing-strategy`: it chooses among deployments that may take the exchange. A call has 5 ms of
// guest time and cannot wait.
package routing

import (
	"errors"

	"sluice.example/sdk/go/internal/memory"
)

// Strategy is a routing strategy.
type Strategy interface {
	// Rank answers candidate indexes, best first; those left out are not tried. Take random numbers from exchange.Seed
	// only, so that a decision can be replayed.
	//
	// On an error the host ranks as `simple-shuffle` does. If the manifest says Constrains, it refuses the exchange.
	// Called without candidates when settings are loaded, so that bad settings are told then.
	Rank() ([]uint32, error)
}

// Kind exports a plugin as a routing strategy; give it to sluice.Export.
func Kind[P Strategy](instance func() (P, error)) {
	memory.AtMost(32)
	strategy = func() (Strategy, error) { return instance() }
}

var strategy func() (Strategy, error)

// ErrNoneSuitable is for errors of Rank: none of the candidates should be tried. Wrap it with a sentence for the log.
var ErrNoneSuitable = errors.New("none suitable")
