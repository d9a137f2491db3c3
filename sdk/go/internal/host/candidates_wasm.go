package host

import "sluice.example/sdk/go/internal/abi"

//go:wasmimport sluice:plugin/candidates@0.2.1 count
func candidatesCount() uint32

//go:wasmimport sluice:plugin/candidates@0.2.1 having
func candidatesHaving(fact uint32, word string, result *abi.Text)

//go:wasmimport sluice:plugin/candidates@0.2.1 exhausted
func candidatesExhausted(result *abi.Text)

//go:wasmimport sluice:plugin/candidates@0.2.1 numbers
func candidatesNumbers(column uint32, result *abi.Text)

//go:wasmimport sluice:plugin/candidates@0.2.1 measured
func candidatesMeasured(name string, result *abi.Option)

//go:wasmimport sluice:plugin/candidates@0.2.1 texts
func candidatesTexts(column uint32, result *abi.Text)

//go:wasmimport sluice:plugin/candidates@0.2.1 tags
func candidatesTags(result *abi.Text)

//go:wasmimport sluice:plugin/candidates@0.2.1 info
func candidatesInfo(name string, result *abi.Text)

func Count() int { return int(candidatesCount()) }

func Having(fact int, word string) []bool {
	candidatesHaving(uint32(fact), word, &text)
	return readList[bool]()
}

func Exhausted() []bool {
	candidatesExhausted(&text)
	return readList[bool]()
}

func Numbers(column int) []float64 {
	candidatesNumbers(uint32(column), &text)
	return readList[float64]()
}

func Measured(name string) ([]float64, bool) {
	defer abi.Release()
	candidatesMeasured(name, &option)
	if option.Some == 0 {
		return nil, false
	}
	return abi.List[float64](option.Text), true
}

func Texts(column int) []string {
	defer abi.Release()
	candidatesTexts(uint32(column), &text)
	return abi.Texts(text)
}

func Tags() [][]string {
	defer abi.Release()
	candidatesTags(&text)
	tags := make([][]string, text.Length)
	for i, each := range abi.List[abi.Text](text) {
		tags[i] = abi.Texts(each)
	}
	return tags
}

func Info(name string) []string {
	defer abi.Release()
	candidatesInfo(name, &text)
	return abi.Texts(text)
}
