package guardrail

import (
	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/internal/kind"
)

type wirePassage struct{ role, before, text abi.Text }

type wireEdit struct {
	text abi.Text
	hold uint32
}

// resultArea is `result<verdict, error>`; an error has the form of a verdict with one string.
var resultArea struct {
	tag     uint8
	verdict struct {
		tag     uint8
		payload [3]abi.Text
	}
}

//go:wasmexport sluice:plugin/guardrail@0.2.1#inspect
func inspect(stage, passagesAt, passageCount uint32) uint32 {
	abi.Enter()
	defer abi.Leave()
	wire := abi.List[wirePassage](abi.Text{At: passagesAt, Length: passageCount})
	passages := make([]Passage, len(wire))
	for i, passage := range wire {
		passages[i] = Passage{passage.role.Read(), passage.before.Read(), passage.text.Read()}
	}
	abi.Release()

	plugin, err := check()
	var verdict Verdict
	if err == nil {
		verdict, err = plugin.Inspect(Stage(stage), passages)
	}
	to := &resultArea
	if err != nil {
		to.tag = 1
		number, sentence := kind.Lower(err)
		to.verdict.tag, to.verdict.payload[0] = number, abi.String(sentence)
		return abi.Address(to)
	}
	to.tag = 0
	to.verdict.tag, to.verdict.payload = lower(verdict)
	return abi.Address(to)
}

func lower(verdict Verdict) (tag uint8, payload [3]abi.Text) {
	switch verdict := verdict.(type) {
	case Rewrite:
		tag, payload[0] = 1, abi.Map(verdict, func(edit Edit) wireEdit {
			return wireEdit{abi.String(edit.Text), edit.Hold}
		})
	case Hold:
		tag, payload[0] = 2, abi.Slice(verdict)
	case Block:
		tag = 3
		payload = [3]abi.Text{abi.String(verdict.Code), abi.String(verdict.Message), abi.String(verdict.Detail)}
	}
	return tag, payload
}
