package main

import (
	"slices"
	"testing"

	sluicetest "sluice.example/sdk/go/sluice/testing"
)

func TestRounds(t *testing.T) { sluicetest.RunTask(t, "cases/rounds.json", New) }

func TestRankings(t *testing.T) { sluicetest.RunStrategy(t, "cases/rankings.json", New) }

func TestWhatTheTaskLeftDecides(t *testing.T) {
	sluicetest.Install(t, &sluicetest.Host{
		Candidates: 3,
		Words:      map[string][]string{"regions": {"us-east-1", "eu-west-1", "us-west-2"}},
		State:      map[string][]byte{"region": []byte("eu")},
	})
	plugin, _ := New(Settings{Service: "https://grid.example/region"})
	if ranking, err := plugin.Rank(); err != nil || !slices.Equal(ranking, []uint32{1, 0, 2}) {
		t.Errorf("%v %v", ranking, err)
	}
}
