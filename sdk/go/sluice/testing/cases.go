//go:build !wasm

package sluicetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"sluice.example/sdk/go/sluice"
)

// files are the case files of a folder. A single file may be named too, since a plugin of several kinds has files of
// several forms.
func files(t *testing.T, folder string) []string {
	t.Helper()
	if filepath.Ext(folder) == ".json" {
		return []string{folder}
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no case in %s (%v)", folder, err)
	}
	return names
}

// read reads a file strictly: a field that no case has is a typing mistake.
func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// runLists runs every case of every file, each as a test of its own.
func runLists[Case any](t *testing.T, folder string, about func(*Case) string, run func(*testing.T, *Case)) {
	t.Helper()
	for _, file := range files(t, folder) {
		var cases []Case
		read(t, file, &cases)
		if len(cases) == 0 {
			t.Errorf("%s has no case", file)
		}
		for i := range cases {
			t.Run(about(&cases[i]), func(t *testing.T) { run(t, &cases[i]) })
		}
	}
}

// create makes a plugin as the host's first call does.
func create[S, P any](make func(S) (P, error), settings json.RawMessage) (plugin P, err error) {
	read, err := sluice.ReadSettings[S](or(string(settings), "{}"))
	if err != nil {
		return plugin, err
	}
	return make(read)
}

// mustCreate is create for settings that must be good.
func mustCreate[S, P any](t *testing.T, make func(S) (P, error), settings json.RawMessage) P {
	t.Helper()
	plugin, err := create(make, settings)
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}
