package callback

import (
	"encoding/json"
	"errors"

	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/sluice"
)

var resultArea struct {
	tag   uint8
	error abi.Failure
}

//go:wasmexport sluice:plugin/callback@0.2.1#deliver
func deliver(recordsAt, recordCount uint32) uint32 {
	abi.Enter()
	defer abi.Leave()
	wire := abi.List[abi.Text](abi.Text{At: recordsAt, Length: recordCount})
	records := make([]json.RawMessage, len(wire))
	for i, record := range wire {
		records[i] = record.Bytes()
	}
	abi.Release()

	plugin, err := callback()
	if err == nil {
		err = plugin.Deliver(records)
	}
	resultArea.tag = 0
	if err != nil {
		resultArea.tag = 1
		resultArea.error = abi.Failure{Case: number(err), Message: abi.String(err.Error())}
	}
	return abi.Address(&resultArea)
}

func number(err error) uint8 {
	var delivery *DeliveryError
	if errors.As(err, &delivery) && delivery.IsFinal || errors.Is(err, sluice.ErrBadSettings) {
		return 1
	}
	return 0
}
