// Package chat writes canonical answers for provider adapters: OpenAI's chat completion, whole and as chunks.
package chat

import (
	"encoding/json"

	"sluice.example/sdk/go/sluice/exchange"
	"sluice.example/sdk/go/sluice/provider"
)

// Usage counts tokens.
type Usage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	TotalTokens      int64 `json:"total_tokens"`
}

// NewUsage adds the two up.
func NewUsage(prompt, completion int64) *Usage {
	return &Usage{prompt, completion, prompt + completion}
}

// Message is what the model says. A nil Content is null.
type Message struct {
	Role      string     `json:"role,omitempty"`
	Content   *string    `json:"content"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
}

// ToolCall is a function that the model wants called. Index is for chunks.
type ToolCall struct {
	Index    *int   `json:"index,omitempty"`
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name string `json:"name,omitempty"`
		// Arguments are JSON, as text.
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// Answer names an answer. The zero value of ID stands for one made of the exchange's, and of Created for the start of the
// exchange.
type Answer struct {
	ID      string
	Created int64
	Model   string
}

type head struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
}

func (answer Answer) head(object string) head {
	if answer.ID == "" {
		answer.ID = "chatcmpl-" + exchange.ID()
	}
	if answer.Created == 0 {
		answer.Created = exchange.Started().Unix()
	}
	return head{answer.ID, object, answer.Created, answer.Model}
}

// Whole is an answer with one choice. The reason is `stop`, `length`, `tool_calls` or `content_filter`; a nil usage is left
// out.
func (answer Answer) Whole(message Message, reason string, usage *Usage) []byte {
	type choice struct {
		Index        int     `json:"index"`
		Message      Message `json:"message"`
		FinishReason string  `json:"finish_reason"`
	}
	message.Role = "assistant"
	return encode(struct {
		head
		Choices []choice `json:"choices"`
		Usage   *Usage   `json:"usage,omitempty"`
	}{answer.head("chat.completion"), []choice{{0, message, reason}}, usage})
}

// Text is a message with this content.
func Text(content string) Message { return Message{Content: &content} }

// Chunks writes the chunks of a stream with one choice. Take what Bytes has at the end of each call of Events.
type Chunks struct {
	head head
	to   []byte
}

// NewChunks begins a stream.
func NewChunks(answer Answer) *Chunks { return &Chunks{head: answer.head("chat.completion.chunk")} }

// Delta is a part of a message, of which only what is given is written.
type Delta struct {
	Role      string     `json:"role,omitempty"`
	Content   string     `json:"content,omitempty"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
}

type chunkChoice struct {
	Index        int     `json:"index"`
	Delta        Delta   `json:"delta"`
	FinishReason *string `json:"finish_reason"`
}

// Delta writes a part of the message. The first one should have the role `assistant`.
func (chunks *Chunks) Delta(delta Delta) {
	chunks.write([]chunkChoice{{Delta: delta}}, nil)
}

// Finish writes why the answer ended.
func (chunks *Chunks) Finish(reason string) {
	chunks.write([]chunkChoice{{FinishReason: &reason}}, nil)
}

// Usage writes the counts; nil writes nothing.
func (chunks *Chunks) Usage(usage *Usage) {
	if usage != nil {
		chunks.write([]chunkChoice{}, usage)
	}
}

// Done writes that nothing more comes.
func (chunks *Chunks) Done() { chunks.to = append(chunks.to, provider.Done...) }

// Bytes takes what was written.
func (chunks *Chunks) Bytes() []byte {
	written := chunks.to
	chunks.to = nil
	return written
}

func (chunks *Chunks) write(choices []chunkChoice, usage *Usage) {
	chunks.to = provider.AppendChunk(chunks.to, encode(struct {
		head
		Choices []chunkChoice `json:"choices"`
		Usage   *Usage        `json:"usage,omitempty"`
	}{chunks.head, choices, usage}))
}

// encode writes values of this package, which always can be written.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
