package main

import (
	"testing"

	"sluice.example/sdk/go/sluice/guardrail"
	sluicetest "sluice.example/sdk/go/sluice/testing"
)

func TestCases(t *testing.T) { sluicetest.RunGuardrail(t, "cases", New) }

func TestStreamsSayTheSameHoweverTheyAreCut(t *testing.T) {
	plugin, err := New(Settings{Mask: []string{"secret", "blue whale", "c++", "größe"}, Block: []string{"forbidden"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"secret secretary the Secret, blue blue whale, C++ größe größer",
		"ends in secret",
		"ends in blue",
		"a word that is forbidden, and more",
	} {
		whole, wholeBlock := sluicetest.Stream(t, plugin, text)
		runes := []rune(text)
		for first := range runes {
			for second := first; second < len(runes); second++ {
				pieces := []string{string(runes[:first]), string(runes[first:second]), string(runes[second:])}
				got, block := sluicetest.Stream(t, plugin, pieces...)
				if (block == nil) != (wholeBlock == nil) || block == nil && got != whole {
					t.Fatalf("cut as %q the client gets %q, and %q uncut", pieces, got, whole)
				}
			}
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	plugin, _ := New(Settings{Mask: []string{"secret"}, Block: []string{"forbidden"}})
	passages := []guardrail.Passage{{Role: "user", Text: "The quick brown fox keeps a secret from the lazy dog."}}
	for b.Loop() {
		_, _ = plugin.Inspect(guardrail.Request, passages)
	}
}
