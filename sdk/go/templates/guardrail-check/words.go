package main

import "unicode"

// Words are the words to look for, by their first character in lower case. Case does not count.
type Words map[rune][]word

type word struct {
	lower       []rune
	isForbidden bool
}

func NewWords(mask, block []string) Words {
	words := Words{}
	add := func(texts []string, isForbidden bool) {
		for _, text := range texts {
			if lower := lowered(text); len(lower) > 0 {
				words[lower[0]] = append(words[lower[0]], word{lower, isForbidden})
			}
		}
	}
	add(mask, false)
	add(block, true)
	return words
}

// Found is what Find made of a text.
type Found struct {
	// Text is what may be sent: masked, and without what is held.
	Text string
	// Held counts the characters at the end that may be the beginning of a word.
	Held        uint32
	IsMasked    bool
	IsForbidden bool
}

// Find looks for whole words in a text. `before` is what was sent before it. If more text may come, the end of the text is
// held from where a word may have begun: the outcome is then the same however a stream is cut.
func (words Words) Find(before, text string, moreComes bool) Found {
	original, lower := []rune(text), lowered(text)
	previous := lastOf(before)
	found := Found{}
	for at := 0; at < len(lower); {
		length, isForbidden, isOpen := words.at(lower[at:], previous, moreComes)
		if isOpen {
			found.Held = uint32(len(original) - at)
			original = original[:at]
			break
		}
		if isForbidden {
			found.IsForbidden = true
			return found
		}
		previous = lower[max(at, at+length-1)]
		for i := range length {
			original[at+i] = '*'
			found.IsMasked = true
		}
		at += max(length, 1)
	}
	found.Text = string(original)
	return found
}

// at is the length of the longest word at the beginning of `rest`, 0 if there is none, and whether it is forbidden. It is open
// if what comes next decides.
func (words Words) at(rest []rune, previous rune, moreComes bool) (length int, isForbidden, isOpen bool) {
	for _, word := range words[rest[0]] {
		if isLetter(previous) && isLetter(word.lower[0]) {
			continue // in the middle of another word
		}
		if common(rest, word.lower) < min(len(rest), len(word.lower)) {
			continue
		}
		endsInLetter := isLetter(word.lower[len(word.lower)-1])
		switch size := len(word.lower); {
		case size > len(rest), size == len(rest) && endsInLetter && moreComes:
			isOpen = isOpen || moreComes
		case size < len(rest) && endsInLetter && isLetter(rest[size]):
		case size > length:
			length, isForbidden = size, word.isForbidden
		case size == length:
			isForbidden = isForbidden || word.isForbidden
		}
	}
	return length, isForbidden, isOpen
}

func common(left, right []rune) int {
	n := 0
	for n < min(len(left), len(right)) && left[n] == right[n] {
		n++
	}
	return n
}

// lowered has as many characters as the text: they are lowered one by one.
func lowered(text string) []rune {
	runes := []rune(text)
	for i, r := range runes {
		runes[i] = unicode.ToLower(r)
	}
	return runes
}

func lastOf(text string) rune {
	last := ' '
	for _, r := range text {
		last = r
	}
	return last
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
