package host

import "sluice.example/sdk/go/internal/abi"

//go:wasmimport sluice:plugin/exchange@0.2.1 id
func exchangeID(result *abi.Text)

//go:wasmimport sluice:plugin/exchange@0.2.1 operation
func exchangeOperation(result *abi.Text)

//go:wasmimport sluice:plugin/exchange@0.2.1 model-group
func exchangeModelGroup(result *abi.Text)

//go:wasmimport sluice:plugin/exchange@0.2.1 is-streaming
func exchangeIsStreaming() uint32

//go:wasmimport sluice:plugin/exchange@0.2.1 field
func exchangeField(name string, result *abi.Option)

//go:wasmimport sluice:plugin/exchange@0.2.1 body
func exchangeBody(result *abi.Text)

//go:wasmimport sluice:plugin/exchange@0.2.1 prompt-tokens
func exchangePromptTokens() uint32

//go:wasmimport sluice:plugin/exchange@0.2.1 attribute
func exchangeAttribute(name string, result *abi.Option)

//go:wasmimport sluice:plugin/exchange@0.2.1 started-ms
func exchangeStartedMs() uint64

//go:wasmimport sluice:plugin/exchange@0.2.1 seed
func exchangeSeed() uint32

func ID() string {
	exchangeID(&text)
	return readText()
}

func Operation() string {
	exchangeOperation(&text)
	return readText()
}

func ModelGroup() string {
	exchangeModelGroup(&text)
	return readText()
}

func IsStreaming() bool { return exchangeIsStreaming() != 0 }

func Field(name string) (string, bool) {
	exchangeField(name, &option)
	return readOption()
}

func Body() []byte {
	exchangeBody(&text)
	return readList[byte]()
}

func PromptTokens() uint32 { return exchangePromptTokens() }

func Attribute(name string) (string, bool) {
	exchangeAttribute(name, &option)
	return readOption()
}

func StartedMs() uint64 { return exchangeStartedMs() }
func Seed() uint32      { return exchangeSeed() }
