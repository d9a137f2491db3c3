package periodic

import (
	"time"

	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/internal/host"
)

// resultArea is `result<u32, string>`. The milliseconds are where the sentence begins.
var resultArea struct {
	tag     uint8
	payload abi.Text
}

//go:wasmexport sluice:plugin/periodic@0.2.1#tick
func tick() uint32 {
	abi.Enter()
	defer abi.Leave()
	plugin, err := task()
	var pause time.Duration
	if err == nil {
		pause, err = plugin.Tick()
	}
	if err != nil {
		resultArea.tag, resultArea.payload = 1, abi.String(err.Error())
	} else {
		resultArea.tag, resultArea.payload = 0, abi.Text{At: host.Milliseconds(pause)}
	}
	return abi.Address(&resultArea)
}
