package provider

import (
	"errors"
	"strings"

	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/internal/attempt"
)

// instance gives the plugin's value, or the failure of its settings.
func instance() (Adapter, error) {
	plugin, err := adapter()
	if err != nil {
		return nil, NewFailure(Unsupported, "%s", err)
	}
	return plugin, nil
}

var owed attempt.Owed

var providersArea abi.Text

//go:wasmexport sluice:plugin/provider@0.2.1#providers
func providers() uint32 {
	abi.EnterPure()
	defer abi.Leave()
	providersArea = abi.Text{}
	if plugin, err := instance(); err == nil {
		providersArea = abi.Map(plugin.Providers(), lowerInfo)
	}
	return abi.Address(&providersArea)
}

//go:wasmexport sluice:plugin/provider@0.2.1#open
func open(providerAt, providerLength, modelAt, modelLength uint32) uint32 {
	abi.Enter()
	defer abi.Leave()
	target := readTarget(providerAt, providerLength, modelAt, modelLength)
	abi.Release()
	plugin, err := instance()
	owed.Begin()
	var request *Request
	if err == nil {
		request, err = plugin.Open(target)
	}
	if err != nil {
		return failed(err, Unsupported)
	}
	openArea.request = lowerRequest(request)
	return abi.Address(&openArea)
}

//go:wasmexport sluice:plugin/provider@0.2.1#whole
func whole(bodyAt, bodyLength uint32) uint32 {
	abi.Enter()
	defer abi.Leave()
	body := abi.Text{At: bodyAt, Length: bodyLength}.Bytes()
	abi.Release()
	return answer(func(plugin Adapter) ([]byte, error) { return plugin.Whole(body) })
}

type wireEvent struct{ name, data abi.Text }

//go:wasmexport sluice:plugin/provider@0.2.1#events
func events(batchAt, batchLength uint32) uint32 {
	abi.Enter()
	defer abi.Leave()
	wire := abi.List[wireEvent](abi.Text{At: batchAt, Length: batchLength})
	batch := make([]Event, len(wire))
	for i, event := range wire {
		batch[i] = Event{event.name.Read(), event.data.Bytes()}
	}
	abi.Release()
	return answer(func(plugin Adapter) ([]byte, error) {
		if due := owed.Due(); due != nil {
			return nil, due
		}
		return owed.Split(plugin.Events(batch))
	})
}

//go:wasmexport sluice:plugin/provider@0.2.1#finish
func finish() uint32 {
	abi.Enter()
	defer abi.Leave()
	return answer(func(plugin Adapter) ([]byte, error) {
		if due := owed.Due(); due != nil {
			return nil, due
		}
		return plugin.Finish()
	})
}

//go:wasmexport sluice:plugin/provider@0.2.1#refuse
func refuse(providerAt, providerLength, modelAt, modelLength, status, bodyAt, bodyLength uint32) uint32 {
	abi.Enter()
	defer abi.Leave()
	target := readTarget(providerAt, providerLength, modelAt, modelLength)
	body := abi.Text{At: bodyAt, Length: bodyLength}.Bytes()
	abi.Release()
	var failure *Failure
	if plugin, err := instance(); err != nil {
		failure = NewFailure(UpstreamError, "%s", err)
	} else {
		failure = plugin.Refuse(target, int(status), body)
	}
	refuseArea = lowerFailure(failure)
	return abi.Address(&refuseArea)
}

func readTarget(providerAt, providerLength, modelAt, modelLength uint32) Target {
	return Target{
		Provider: abi.Text{At: providerAt, Length: providerLength}.Read(),
		Model:    abi.Text{At: modelAt, Length: modelLength}.Read(),
	}
}

// answer calls the adapter and lowers `result<list<u8>, failure>`.
func answer(call func(Adapter) ([]byte, error)) uint32 {
	plugin, err := instance()
	var bytes []byte
	if err == nil {
		bytes, err = call(plugin)
	}
	if err != nil {
		return failed(err, MalformedAnswer)
	}
	bytesArea.bytes = abi.Slice(bytes)
	return abi.Address(&bytesArea)
}

// failed lowers a failure as the error of a result. Another error gets the fault `otherwise`.
func failed(err error, otherwise Fault) uint32 {
	var failure *Failure
	if !errors.As(err, &failure) {
		failure = &Failure{Fault: otherwise, Message: strings.TrimSpace(err.Error())}
	}
	failedArea.tag, failedArea.failure = 1, lowerFailure(failure)
	return abi.Address(&failedArea)
}
