//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"

	"sluice.example/sdk/go/sluice/routing"
)

type strategyCase struct {
	About      string              `json:"about"`
	Settings   json.RawMessage     `json:"settings"`
	Request    json.RawMessage     `json:"request"`
	Columns    map[string][]number `json:"columns"`
	Words      map[string][]string `json:"words"`
	Attributes map[string]string   `json:"attributes"`
	StartedMs  uint64              `json:"started_ms"`
	Candidates int                 `json:"candidates"`
	Seed       uint32              `json:"seed"`
	Rank       []uint32            `json:"rank"`
	Error      string              `json:"error"`
}

// number may be written as "NaN", "inf" or "-inf", which JSON does not have.
type number float64

func (to *number) UnmarshalJSON(text []byte) error {
	var word string
	if json.Unmarshal(text, &word) != nil {
		word = string(text)
	}
	value, err := strconv.ParseFloat(word, 64)
	*to = number(value)
	return err
}

// RunStrategy runs the case files of a folder, each a list of:
//
//	{"about", "settings": {…}, "request": {…}, "attributes": {…}, "started_ms": 0,
//	 "columns": {"weights": [3, "NaN"]}, "words": {"providers": ["azure", "bedrock"]}, "candidates": 2, "seed": 7,
//	 "rank": [0, 1]}
//
// In place of `rank` a case may have `error`: the error of the settings or of the ranking.
func RunStrategy[S any, P routing.Strategy](t *testing.T, folder string, make func(S) (P, error)) {
	t.Helper()
	about := func(is *strategyCase) string { return is.About }
	runLists(t, folder, about, func(t *testing.T, is *strategyCase) {
		columns := map[string][]float64{}
		for name, numbers := range is.Columns {
			if len(numbers) != is.Candidates {
				t.Fatalf("column %s: a number a candidate", name)
			}
			for _, number := range numbers {
				columns[name] = append(columns[name], float64(number))
			}
		}
		Install(t, &Host{
			Settings: string(is.Settings), Request: string(is.Request), Attributes: is.Attributes,
			StartedMs: is.StartedMs, Seed: is.Seed, Columns: columns, Words: is.Words, Candidates: is.Candidates,
		})
		ranking, err := rank(make, is.Settings)
		if message := sentence(err); message != is.Error {
			t.Fatalf("the error is %q, expected %q", message, is.Error)
		}
		if err == nil && !slices.Equal(ranking, is.Rank) {
			t.Errorf("ranked %v, expected %v", ranking, is.Rank)
		}
	})
}

func rank[S any, P routing.Strategy](make func(S) (P, error), settings json.RawMessage) ([]uint32, error) {
	plugin, err := create(make, settings)
	if err != nil {
		return nil, err
	}
	ranking, err := plugin.Rank()
	if err != nil {
		return nil, err
	}
	seen := map[uint32]bool{}
	for _, index := range ranking {
		if seen[index] {
			return nil, errors.New("the ranking has a candidate twice")
		}
		seen[index] = true
	}
	return ranking, nil
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
