// Asks a service which region is best now, and prefers deployments there: a periodic task and a routing strategy in one.
package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"sluice.example/sdk/go/sluice"
	"sluice.example/sdk/go/sluice/candidates"
	"sluice.example/sdk/go/sluice/http"
	"sluice.example/sdk/go/sluice/periodic"
	"sluice.example/sdk/go/sluice/routing"
	"sluice.example/sdk/go/sluice/state"
)

//go:embed settings.schema.json
var settingsSchema string

func init() {
	sluice.Export(sluice.Manifest{
		Name:           "my-task",
		Version:        "0.1.0",
		Summary:        "Prefers the region that a service names.",
		SettingsSchema: settingsSchema,
		Outbound:       []string{"*"},
	}, New, periodic.Kind, routing.Kind)
}

func main() {}

// Settings are what settings.schema.json describes.
type Settings struct {
	Service      string `json:"service"`
	EverySeconds int    `json:"every_seconds"`
}

// MyTask finds a region out and uses it.
type MyTask struct{ settings Settings }

func New(settings Settings) (*MyTask, error) {
	settings.EverySeconds = cmp.Or(settings.EverySeconds, 300)
	return &MyTask{settings}, nil
}

// Tick leaves what it finds out in state: instances share nothing else.
func (task *MyTask) Tick() (time.Duration, error) {
	answer, err := http.Send(http.Request{Method: "GET", URL: task.settings.Service, Timeout: 5 * time.Second})
	if err != nil {
		return 0, err
	}
	if answer.Status != 200 {
		return 0, fmt.Errorf("the service answered %d", answer.Status)
	}
	if err := state.Set("region", bytes.TrimSpace(answer.Body), 0); err != nil {
		return 0, err
	}
	return time.Duration(task.settings.EverySeconds) * time.Second, nil
}

// Rank cannot use http: it reads what Tick has left.
func (*MyTask) Rank() ([]uint32, error) {
	var isThere []bool
	if region, found, err := state.Get("region"); err == nil && found {
		isThere = candidates.Having(candidates.Region, string(region))
	}
	var there, elsewhere []uint32
	for i := range uint32(candidates.Count()) {
		if isThere != nil && isThere[i] {
			there = append(there, i)
		} else {
			elsewhere = append(elsewhere, i)
		}
	}
	return slices.Concat(there, elsewhere), nil
}
