// Package attempt has what the exports of adapters and their tests share.
package attempt

// Owed keeps a failure that came with chunks: the chunks are answered first, and the failure at the next call.
type Owed struct{ failure error }

// Begin forgets what an earlier attempt left.
func (owed *Owed) Begin() { owed.failure = nil }

// Due is the failure that was kept.
func (owed *Owed) Due() error { return owed.failure }

// Split keeps the failure if there are chunks to answer before it.
func (owed *Owed) Split(chunks []byte, failure error) ([]byte, error) {
	if failure != nil && len(chunks) > 0 {
		owed.failure = failure
		return chunks, nil
	}
	return chunks, failure
}
