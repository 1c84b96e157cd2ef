package classify

import (
	"unicode"
	"unicode/utf8"
)

// The n-grams a model knows: one or two Han characters in a row; of other
// scripts a word, two words in a row, and four letters of a word with its ends
// marked. Nothing longer, so that nobody can read out of a model what it
// learnt from.
const (
	pieceBytes = 4
	wordMost   = 24 // bytes of a word that are read
)

// A gramReader reads the n-grams of texts.
type gramReader struct {
	pair  [2*wordMost + 1]byte // the word before, and room for a space and another one
	last  int                  // bytes of the word before
	piece [wordMost + 2]byte
}

// read calls add with every n-gram of a folded text. The slice is good until
// add returns. The time is linear in the text.
func (g *gramReader) read(text []byte, add func(gram []byte)) {
	g.last = 0
	before := -1 // where the Han character before this one begins
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case unicode.Is(unicode.Han, r):
			g.last = 0
			add(text[i : i+size])
			if before >= 0 {
				add(text[before : i+size])
			}
			before = i
		case inWord(r):
			before = -1
			size = wordEnd(text, i) - i
			g.word(text[i:i+size], add)
		case r == ' ' || r == '-' || r == '\n':
			before = -1
		case r != '\'':
			before, g.last = -1, 0
		}
		i += size
	}
}

func wordEnd(text []byte, at int) int {
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if !inWord(r) {
			break
		}
		at += size
	}
	return at
}

// word adds a word, its pieces, and it with the word before.
func (g *gramReader) word(word []byte, add func([]byte)) {
	word = singular(word)
	if len(word) > wordMost {
		word = word[:wordMost]
	}
	n := g.last
	if n > 0 {
		g.pair[n] = ' '
		n++
	}
	end := n + 1
	number := word[0] >= '0' && word[0] <= '9'
	if number {
		g.pair[n] = '0' // which number it is says nothing
	} else {
		end = n + copy(g.pair[n:], word)
	}
	add(g.pair[n:end])
	if !number {
		g.pieces(word, add)
	}
	if g.last > 0 {
		add(g.pair[:end])
	}
	g.last = copy(g.pair[:], g.pair[n:end])
}

// pieces adds the pieces of a word: ^ban, bank, ank$.
func (g *gramReader) pieces(word []byte, add func([]byte)) {
	g.piece[0] = '^'
	n := 1 + copy(g.piece[1:], word)
	g.piece[n] = '$'
	for i := pieceBytes; i <= n+1; i++ {
		add(g.piece[i-pieceBytes : i])
	}
}

// singular takes the plural off an English word.
func singular(word []byte) []byte {
	n := len(word)
	if n > 3 && word[n-1] == 's' && word[n-2] != 's' && word[n-2] != 'u' && word[n-2] != 'i' {
		return word[:n-1]
	}
	return word
}
