//go:build !wasm

package sluicetest

import (
	"fmt"
	"strings"

	"sluice.example/sdk/go/sluice/candidates"
)

// Names of the columns, in the contract's order.
var numberColumns = [...]string{
	"weights", "orders", "in-flight", "latency-seconds", "first-token-seconds", "tokens-per-second", "sample-ages",
	"failure-rates", "requests-this-minute", "tokens-this-minute", "request-limits", "token-limits", "input-prices",
	"output-prices",
}
var textColumns = [...]string{"ids", "providers", "models", "regions"}

func (fake fake) Count() int { return fake.host.Candidates }

func (fake fake) Numbers(column int) []float64 {
	if numbers, found := fake.host.Columns[numberColumns[column]]; found {
		return numbers
	}
	return make([]float64, fake.host.Candidates)
}

func (fake fake) Measured(name string) ([]float64, bool) {
	numbers, found := fake.host.Columns[name]
	return numbers, found
}

func (fake fake) Texts(column int) []string {
	name := textColumns[column]
	if texts, found := fake.host.Words[name]; found {
		return texts
	}
	texts := make([]string, fake.host.Candidates)
	for i := range texts {
		switch candidates.TextColumn(column) {
		case candidates.IDs:
			texts[i] = fmt.Sprintf("deployment-%d", i)
		case candidates.Models:
			texts[i] = fmt.Sprintf("model-%d", i)
		}
	}
	return texts
}

func (fake fake) Tags() [][]string {
	tags := make([][]string, fake.host.Candidates)
	for i, listed := range fake.host.Words["tags"] {
		tags[i] = strings.FieldsFunc(listed, func(r rune) bool { return r == ',' })
	}
	return tags
}

func (fake fake) Info(name string) []string {
	if texts, found := fake.host.Words["info."+name]; found {
		return texts
	}
	return make([]string, fake.host.Candidates)
}

func (fake fake) Having(fact int, word string) []bool {
	start, isStart := strings.CutSuffix(word, "*")
	fits := func(own string) bool { return own == word || isStart && strings.HasPrefix(own, start) }
	having := make([]bool, fake.host.Candidates)
	switch fact := candidates.Fact(fact); fact {
	case candidates.Tag:
		for i, tags := range fake.Tags() {
			for _, tag := range tags {
				having[i] = having[i] || fits(tag)
			}
		}
	case candidates.Region:
		for i, own := range fake.Texts(int(candidates.Regions)) {
			having[i] = own == word || strings.HasPrefix(own, word+"-")
		}
	default:
		for i, own := range fake.Texts(int(fact)) { // ids, providers and models have the same order in both
			having[i] = fits(own)
		}
	}
	return having
}

// Exhausted follows from the columns unless the test says it.
func (fake fake) Exhausted() []bool {
	if fake.host.Exhausted != nil {
		return fake.host.Exhausted
	}
	requests, tokens := fake.Numbers(int(candidates.RequestsThisMinute)), fake.Numbers(int(candidates.TokensThisMinute))
	perMinute, tokensPerMinute := fake.Numbers(int(candidates.RequestLimits)), fake.Numbers(int(candidates.TokenLimits))
	exhausted := make([]bool, fake.host.Candidates)
	for i := range exhausted {
		exhausted[i] = perMinute[i] > 0 && requests[i]+1 > perMinute[i] ||
			tokensPerMinute[i] > 0 && tokens[i]+float64(fake.PromptTokens()) > tokensPerMinute[i]
	}
	return exhausted
}
