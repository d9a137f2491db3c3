//go:build !wasm

package host

// Fake answers the imports in tests. See package `sluice/testing`.
type Fake interface {
	Settings() string
	Log(level int, message string)

	ID() string
	Operation() string
	ModelGroup() string
	IsStreaming() bool
	Field(name string) (string, bool)
	Body() []byte
	PromptTokens() uint32
	Attribute(name string) (string, bool)
	StartedMs() uint64
	Seed() uint32

	Count() int
	Having(fact int, word string) []bool
	Exhausted() []bool
	Numbers(column int) []float64
	Measured(name string) ([]float64, bool)
	Texts(column int) []string
	Tags() [][]string
	Info(name string) []string

	Parameter(name string) (string, bool)
	HasParameter(name string) bool
	ResponseHeader(name string) (string, bool)

	StateGet(key string) ([]byte, bool, *Failure)
	StateSet(key string, value []byte, ttlMs uint32) *Failure
	StateIncrement(key string, delta float64, ttlMs uint32) (float64, *Failure)

	NotesGet(key string) ([]byte, bool)
	NotesPut(key string, value []byte) *Failure
	NotesPublish(name, json string) *Failure

	Send(request Request) (Response, *Failure)
}

// Current is the fake of the running test.
var Current Fake

func fake() Fake {
	if Current == nil {
		panic("outside of a gateway the functions of the host need a fake: call Install of sluice/testing")
	}
	return Current
}

func Settings() string              { return fake().Settings() }
func Log(level int, message string) { fake().Log(level, message) }

func ID() string                           { return fake().ID() }
func Operation() string                    { return fake().Operation() }
func ModelGroup() string                   { return fake().ModelGroup() }
func IsStreaming() bool                    { return fake().IsStreaming() }
func Field(name string) (string, bool)     { return fake().Field(name) }
func Body() []byte                         { return fake().Body() }
func PromptTokens() uint32                 { return fake().PromptTokens() }
func Attribute(name string) (string, bool) { return fake().Attribute(name) }
func StartedMs() uint64                    { return fake().StartedMs() }
func Seed() uint32                         { return fake().Seed() }

func Count() int                             { return fake().Count() }
func Having(fact int, word string) []bool    { return fake().Having(fact, word) }
func Exhausted() []bool                      { return fake().Exhausted() }
func Numbers(column int) []float64           { return fake().Numbers(column) }
func Measured(name string) ([]float64, bool) { return fake().Measured(name) }
func Texts(column int) []string              { return fake().Texts(column) }
func Tags() [][]string                       { return fake().Tags() }
func Info(name string) []string              { return fake().Info(name) }

func Parameter(name string) (string, bool)      { return fake().Parameter(name) }
func HasParameter(name string) bool             { return fake().HasParameter(name) }
func ResponseHeader(name string) (string, bool) { return fake().ResponseHeader(name) }

func StateGet(key string) ([]byte, bool, *Failure) { return fake().StateGet(key) }
func StateSet(key string, value []byte, ttlMs uint32) *Failure {
	return fake().StateSet(key, value, ttlMs)
}
func StateIncrement(key string, delta float64, ttlMs uint32) (float64, *Failure) {
	return fake().StateIncrement(key, delta, ttlMs)
}

func NotesGet(key string) ([]byte, bool)         { return fake().NotesGet(key) }
func NotesPut(key string, value []byte) *Failure { return fake().NotesPut(key, value) }
func NotesPublish(name, json string) *Failure    { return fake().NotesPublish(name, json) }

func Send(request Request) (Response, *Failure) { return fake().Send(request) }
