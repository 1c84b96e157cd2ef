package classify

import "math/bits"

// An automaton finds many patterns in one pass over a text, in time linear in
// the text (Aho and Corasick, 1975), as a dense table: one step a byte,
// whatever the number of patterns.
type automaton struct {
	classes [256]uint8 // bytes that no pattern tells apart share a class
	shift   uint       // log2 of the row length
	next    []uint32   // row<<shift | class → row<<shift, with hit set where patterns end
	ends    [][]int32  // by row: the patterns that end there, longest first
}

// hit marks a state in which patterns end.
const hit = 1 << 31

// newAutomaton builds an automaton. Patterns must not be empty; equal ones are
// all reported, in order. Bytes for which same is not zero are read as same
// says, in patterns and texts.
func newAutomaton(patterns []string, same func(byte) byte) *automaton {
	a := &automaton{}
	count := a.classify(patterns, same)
	a.shift = uint(bits.Len(uint(count - 1)))
	size := 1 << a.shift

	const none = ^uint32(0)
	rows := []uint32{} // trie first, then completed to the full automaton
	grow := func() uint32 {
		for range size {
			rows = append(rows, none)
		}
		a.ends = append(a.ends, nil)
		return uint32(len(a.ends) - 1)
	}
	grow()
	for id, p := range patterns {
		at := uint32(0)
		for i := range len(p) {
			cell := int(at)<<a.shift + int(a.classes[p[i]])
			if rows[cell] == none {
				to := grow()
				rows[cell] = to
			}
			at = rows[cell]
		}
		a.ends[at] = append(a.ends[at], int32(id))
	}
	a.complete(rows, size, none)
	return a
}

// classify gives every byte its class and returns how many classes there are.
// Class 0 holds the bytes that stand in no pattern; folded UTF-8 always leaves
// some (capitals, 0xFF), so that 256 are enough.
func (a *automaton) classify(patterns []string, same func(byte) byte) int {
	var used [256]bool
	for _, p := range patterns {
		for i := range len(p) {
			used[same(p[i])] = true
		}
	}
	count := 1
	for b := range 256 {
		if used[b] && same(byte(b)) == byte(b) {
			a.classes[b] = uint8(count)
			count++
		}
	}
	for b := range 256 {
		if to := same(byte(b)); to != byte(b) {
			a.classes[b] = a.classes[to]
		}
	}
	return count
}

// complete turns the trie into the automaton: every cell gets the state of the
// longest suffix that begins a pattern, breadth first.
func (a *automaton) complete(rows []uint32, size int, none uint32) {
	fail := make([]uint32, len(a.ends))
	queue := make([]uint32, 0, len(a.ends))
	for c := range size {
		if to := rows[c]; to == none {
			rows[c] = 0
		} else {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		a.ends[at] = append(a.ends[at], a.ends[fail[at]]...)
		for c := range size {
			cell := int(at)<<a.shift + c
			other := rows[int(fail[at])<<a.shift+c]
			if to := rows[cell]; to == none {
				rows[cell] = other
			} else {
				fail[to] = other
				queue = append(queue, to)
			}
		}
	}
	for i, to := range rows {
		rows[i] = to << a.shift
		if len(a.ends[to]) > 0 {
			rows[i] |= hit
		}
	}
	a.next = rows
}

// scan calls found for every place in text where patterns end, with the
// offset after it.
func (a *automaton) scan(text []byte, found func(end int, patterns []int32)) {
	state := uint32(0)
	for i, b := range text {
		state = a.next[state+uint32(a.classes[b])]
		if state&hit != 0 {
			state &^= hit
			found(i+1, a.ends[state>>a.shift])
		}
	}
}
