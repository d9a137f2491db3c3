package hook

import (
	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/internal/host"
	"sluice.example/sdk/go/internal/kind"
)

type wireEdit struct {
	tag     uint8
	payload [2]abi.Text
}

type wireChanges struct {
	edits abi.Text
	group abi.Option
}

type wireRefusal struct {
	status        uint16
	code, message abi.Text
	retryAfterMs  uint32
}

// Each case of `result<decision, error>` has an area of its own: tags first, and the payload at 8.
type area[T any] struct {
	tag, _, _, _ uint8
	decision     uint8
	payload      T
}

var (
	proceedArea area[wireRefusal]
	changeArea  = area[wireChanges]{decision: 1}
	answerArea  = area[abi.Text]{decision: 2}
	refuseArea  = area[wireRefusal]{decision: 3}
	failedArea  = area[abi.Text]{tag: 1}
)

//go:wasmexport sluice:plugin/hook@0.2.1#prepare
func prepare() uint32 {
	abi.Enter()
	defer abi.Leave()
	plugin, err := hook()
	var decision Decision
	if err == nil {
		decision, err = plugin.Prepare()
	}
	if err != nil {
		number, sentence := kind.Lower(err)
		failedArea.decision, failedArea.payload = number, abi.String(sentence)
		return abi.Address(&failedArea)
	}
	switch decision := decision.(type) {
	case Changes:
		if decision.IsEmpty() {
			break
		}
		changeArea.payload = wireChanges{abi.Map(decision.Edits, lowerEdit), abi.Maybe(decision.ModelGroup)}
		return abi.Address(&changeArea)
	case Answer:
		answerArea.payload = abi.String(string(decision))
		return abi.Address(&answerArea)
	case Refuse:
		refuseArea.payload = wireRefusal{
			uint16(decision.Status), abi.String(decision.Code), abi.String(decision.Message),
			host.Milliseconds(decision.RetryAfter),
		}
		return abi.Address(&refuseArea)
	}
	return abi.Address(&proceedArea)
}

func lowerEdit(edit Edit) wireEdit {
	wire := wireEdit{tag: uint8(edit.Operation)}
	wire.payload[0] = abi.String(edit.Place)
	if edit.Operation != Remove {
		wire.payload[1] = abi.String(string(edit.Value))
	}
	return wire
}
