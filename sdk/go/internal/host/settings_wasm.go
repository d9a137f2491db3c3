package host

import "sluice.example/sdk/go/internal/abi"

//go:wasmimport sluice:plugin/settings@0.2.1 get
func settingsGet(result *abi.Text)

func Settings() string {
	settingsGet(&text)
	return readText()
}

func Log(level int, message string) { abi.WriteLog(uint32(level), message) }
