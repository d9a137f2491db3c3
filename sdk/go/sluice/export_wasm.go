package sluice

import "sluice.example/sdk/go/internal/abi"

var manifestArea struct {
	name, version, summary, settingsSchema abi.Text
	outbound                               abi.Text
	constrains                             bool
	looksAt                                abi.Text
	extras                                 abi.Text
}

//go:wasmexport sluice:plugin/about@0.2.1#describe
func describe() uint32 {
	abi.EnterPure()
	defer abi.Leave()
	if exported == nil {
		panic("the plugin exports nothing: call sluice.Export in `func init` of package main")
	}
	to := &manifestArea
	to.name = abi.String(exported.Name)
	to.version = abi.String(exported.Version)
	to.summary = abi.String(exported.Summary)
	to.settingsSchema = abi.String(exported.SettingsSchema)
	to.outbound = abi.Map(exported.Outbound, abi.String)
	to.constrains = exported.Constrains
	to.looksAt = abi.Slice(exported.LooksAt)
	to.extras = abi.Map(exported.Extras, func(pair [2]string) abi.Header { return abi.Pair(pair[0], pair[1]) })
	return abi.Address(to)
}
