package main

import (
	"testing"

	sluicetest "sluice.example/sdk/go/sluice/testing"
)

func TestCases(t *testing.T) { sluicetest.RunHook(t, "cases", New) }
