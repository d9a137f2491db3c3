package host

import (
	"unsafe"

	"sluice.example/sdk/go/internal/abi"
)

//go:wasmimport sluice:plugin/http@0.2.1 send
func httpSend(
	method, url string, headers unsafe.Pointer, headerCount uint32, body string, timeoutMs uint32, result unsafe.Pointer,
)

// answered is `result<response, error>`.
var answered struct {
	tag      uint8
	response struct {
		status  uint16
		headers abi.Text
		body    abi.Text
	}
}

func Send(request Request) (Response, *Failure) {
	defer abi.Release()
	headers := make([]abi.Header, len(request.Headers))
	for i, header := range request.Headers {
		headers[i] = abi.Pair(header.Name, header.Value)
	}
	answered.response.headers, answered.response.body = abi.Text{}, abi.Text{}
	httpSend(request.Method, request.URL, unsafe.Pointer(unsafe.SliceData(headers)), uint32(len(headers)),
		view(request.Body), request.TimeoutMs, unsafe.Pointer(&answered))
	abi.RefreshClock() // The host may have waited for seconds.
	if answered.tag != 0 {
		return Response{}, failure((*abi.Failure)(unsafe.Pointer(&answered.response)))
	}
	response := Response{Status: int(answered.response.status), Body: answered.response.body.Bytes()}
	for _, header := range abi.List[abi.Header](answered.response.headers) {
		response.Headers = append(response.Headers, Header{header.Name.Read(), header.Value.Read()})
	}
	return response, nil
}
