// Posts the records of finished exchanges to an endpoint, as one JSON array a batch.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"sluice.example/sdk/go/sluice"
	"sluice.example/sdk/go/sluice/callback"
	"sluice.example/sdk/go/sluice/http"
)

//go:embed settings.schema.json
var settingsSchema string

func init() {
	sluice.Export(sluice.Manifest{
		Name:           "my-callback",
		Version:        "0.1.0",
		Summary:        "Posts records to an endpoint.",
		SettingsSchema: settingsSchema,
		// The endpoint is the operator's choice, so the plugin asks for whatever host the operator names.
		Outbound: []string{"*"},
	}, New, callback.Kind)
}

func main() {}

// Settings are what settings.schema.json describes.
type Settings struct {
	Endpoint string `json:"endpoint"`
}

// MyCallback posts records.
type MyCallback struct {
	settings Settings
}

func New(settings Settings) (*MyCallback, error) {
	return &MyCallback{settings}, nil
}

func (plugin *MyCallback) Deliver(records []json.RawMessage) error {
	answer, err := http.Send(http.Request{
		Method:  "POST",
		URL:     plugin.settings.Endpoint,
		Headers: []http.Header{{Name: "content-type", Value: "application/json"}},
		Body:    array(records),
		Timeout: 5 * time.Second,
	})
	if err != nil {
		return callback.Retry(err.Error())
	}
	switch reason := fmt.Sprintf("the endpoint answered %d", answer.Status); {
	case answer.Status >= 200 && answer.Status < 300:
		return nil
	case answer.Status == 429 || answer.Status >= 500:
		return callback.Retry(reason)
	default:
		return callback.Reject(reason)
	}
}

// array joins the records as they are: they are JSON already.
func array(records []json.RawMessage) []byte {
	body := []byte{'['}
	for i, record := range records {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, bytes.TrimSpace(record)...)
	}
	return append(body, ']')
}
