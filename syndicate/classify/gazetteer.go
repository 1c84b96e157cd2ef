package classify

import (
	_ "embed" // the names
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// The names that texts are searched for. The files say where they are from.
var (
	//go:embed gazetteer_china.txt
	divisionsText string
	//go:embed gazetteer.txt
	gazetteerText string
)

// A gazetteer knows names of places and organisations. Its strings are parts
// of the embedded files, so that it takes little memory beside them. It never
// changes once it is made.
type gazetteer struct {
	places []placeEntry
	names  []nameEntry
	heads  []int32 // the longest name of those whose keys share a slot; -1 is none
	first  [hanBlocks]uint64
}

// hanBlocks is how many words of 64 bits mark the characters that names begin
// with, from hanFirst on.
const (
	hanFirst  = 0x4E00
	hanBlocks = (0x9FFF - hanFirst + 64) / 64
)

// A placeEntry is a place as the files write it.
type placeEntry struct {
	chinese string // names of it, apart by "/", with their signs
	english string // the same
	within  int32  // the place it lies in, or -1
	level   int8   // 1 province or country, 2 prefecture, 3 what is smaller
}

// A nameKind is what a name is of.
type nameKind int8

// The kinds of names.
const (
	placeName        nameKind = iota
	wordName                  // looks like a name and is none, or hides one
	organisationName          //
)

// A nameRule says where the name of a place counts.
type nameRule int8

// The rules of names.
const (
	declared nameRule = iota - 1 // everywhere, and no other place is meant: the operator says so
	always                       // everywhere
	named                        // where the place it lies in is named as well
	rightBy                      // right after the place it lies in
)

// A nameEntry is one name of a place, or another name.
type nameEntry struct {
	text  string
	place int32 // -1 when it is none of a place
	next  int32 // the next name of the same slot, not longer; -1 at the end
	kind  nameKind
	rule  nameRule
}

// sharedGazetteer returns the gazetteer that comes with Broadsheet, which is
// built once.
var sharedGazetteer = sync.OnceValue(newGazetteer)

func newGazetteer() *gazetteer {
	g := &gazetteer{
		places: make([]placeEntry, 0, 4300),
		names:  make([]nameEntry, 0, 9500),
		heads:  make([]int32, 1<<slotBits),
	}
	for i := range g.heads {
		g.heads[i] = -1
	}
	g.readPlaces(divisionsText)
	g.readRest(gazetteerText)
	return g
}

// readPlaces reads places that are written under what they lie in.
func (g *gazetteer) readPlaces(text string) {
	outer := [3]int32{-1, -1, -1}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if line = line[depth:]; line == "" || line[0] == '#' {
			continue
		}
		if depth < 2 {
			chinese, english, _ := strings.Cut(line, " ")
			outer[depth+1] = g.addPlace(chinese, english, "/", outer[depth], int8(depth+1))
			if depth == 0 {
				outer[2] = outer[1]
			}
			continue
		}
		g.addPlaces(line, outer[2], 3)
	}
}

// readRest reads the blocks of the other file.
func (g *gazetteer) readRest(text string) {
	for block := range strings.SplitSeq(text, "\n[") {
		head, body, ok := strings.Cut(block, "]\n")
		if !ok {
			continue // what stands before the first block
		}
		switch head {
		case "world":
			g.readPlaces(body)
		case "zones":
			for line := range strings.Lines(body) {
				if outer, names, ok := strings.Cut(line, ":"); ok {
					g.addPlaces(names, g.official(outer), 3)
				}
			}
		case "regions":
			g.addPlaces(body, -1, 1)
		case "word":
			g.addNames(body, wordName)
		case "organisation":
			g.addNames(body, organisationName)
		}
	}
}

func (g *gazetteer) addPlaces(names string, within int32, level int8) {
	for token := range strings.FieldsSeq(names) {
		chinese, english, _ := strings.Cut(token, "=")
		g.addPlace(chinese, english, "=", within, level)
	}
}

// addPlace adds a place and its names. sep stands between the English ones.
func (g *gazetteer) addPlace(chinese, english, sep string, within int32, level int8) int32 {
	id := int32(len(g.places))
	g.places = append(g.places, placeEntry{chinese, english, within, level})
	for name := range strings.SplitSeq(chinese, "/") {
		g.addName(name, id)
	}
	if english != "" {
		for name := range strings.SplitSeq(english, sep) {
			if rare, ok := strings.CutSuffix(name, "?"); ok {
				name = "?" + rare
			}
			g.addName(plainName(name), id)
		}
	}
	return id
}

// addName adds a name with its sign.
func (g *gazetteer) addName(name string, place int32) {
	rule := always
	switch {
	case strings.HasPrefix(name, "?"):
		rule, name = named, name[1:]
	case strings.HasPrefix(name, "~"):
		rule, name = rightBy, name[1:]
	}
	g.add(nameEntry{text: foldedName(name), place: place, kind: placeName, rule: rule})
}

func (g *gazetteer) addNames(names string, kind nameKind) {
	for name := range strings.FieldsSeq(names) {
		g.add(nameEntry{text: plainName(name), place: -1, kind: kind})
	}
}

// foldedName returns a name as texts are searched for it: 干县 for 乾县, because
// a text in traditional characters may mean either.
func foldedName(name string) string {
	for _, r := range name {
		if r >= hanFirst && r <= 0x9FFF && syndicate.FoldRune(r) != r {
			return string(simplify(nil, name))
		}
	}
	return name
}

// plainName writes the spaces of a name.
func plainName(name string) string {
	if strings.IndexByte(name, '_') < 0 {
		return name
	}
	return strings.ReplaceAll(name, "_", " ")
}

// add puts a name into the chain of its slot, which is kept in order of length
// and, among equally long ones, of addition.
func (g *gazetteer) add(n nameEntry) {
	key := nameKey(n.text)
	if key == 0 {
		return
	}
	if r, _ := utf8.DecodeRuneInString(n.text); r >= hanFirst && r <= 0x9FFF {
		g.first[(r-hanFirst)/64] |= 1 << ((r - hanFirst) % 64)
	}
	id := int32(len(g.names))
	before, at := int32(-1), g.head(key)
	for at >= 0 && (len(g.names[at].text) > len(n.text) || n.rule != declared && len(g.names[at].text) == len(n.text)) {
		before, at = at, g.names[at].next
	}
	n.next = at
	g.names = append(g.names, n)
	if before < 0 {
		g.heads[slot(key)] = id
	} else {
		g.names[before].next = id
	}
}

func (g *gazetteer) head(key uint64) int32 { return g.heads[slot(key)] }

// slotBits is the logarithm of how many slots names are spread over.
const slotBits = 14

// slot spreads keys (Fibonacci hashing).
func slot(key uint64) uint64 { return key * 0x9E3779B97F4A7C15 >> (64 - slotBits) }

// nameKey returns what names that begin alike have in common: their first two
// Chinese characters, or their first two letters. 0 is the key of none.
func nameKey(s string) uint64 {
	switch {
	case len(s) >= 6 && s[0] >= 0xE0 && s[3] >= 0xE0:
		return uint64(s[0])<<40 | uint64(s[1])<<32 | uint64(s[2])<<24 | uint64(s[3])<<16 | uint64(s[4])<<8 | uint64(s[5])
	case len(s) >= 2 && s[0] < utf8.RuneSelf:
		return uint64(s[0])<<8 | uint64(s[1])
	}
	return 0
}

// match returns the longest name that text, which is simplified, begins with,
// or -1.
func (g *gazetteer) match(text []byte) int32 {
	var key uint64
	switch {
	case len(text) >= 6 && text[0] >= 0xE0:
		r := rune(text[0]&0x0F)<<12 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F)
		if r < hanFirst || r > 0x9FFF || g.first[(r-hanFirst)/64]&(1<<((r-hanFirst)%64)) == 0 {
			return -1
		}
		key = uint64(text[0])<<40 | uint64(text[1])<<32 | uint64(text[2])<<24 | uint64(text[3])<<16 | uint64(text[4])<<8 | uint64(text[5])
	case len(text) >= 2 && text[0] < utf8.RuneSelf:
		key = uint64(text[0])<<8 | uint64(text[1])
	default:
		return -1
	}
	for at := g.head(key); at >= 0; at = g.names[at].next {
		n := &g.names[at]
		if len(n.text) <= len(text) && string(text[:len(n.text)]) == n.text && (text[0] >= utf8.RuneSelf || endsWord(text, len(n.text))) {
			return at
		}
	}
	return -1
}

// endsWord reports whether an English name ends at text[end]: US is none in
// USB and in US$.
func endsWord(text []byte, end int) bool {
	if end == len(text) {
		return true
	}
	r, _ := utf8.DecodeRune(text[end:])
	return !inWord(r) && r != '$'
}

// candidates appends the places that the name at may be of.
func (g *gazetteer) candidates(at int32, out []int32) []int32 {
	text := g.names[at].text
	for ; at >= 0 && len(g.names[at].text) == len(text); at = g.names[at].next {
		n := &g.names[at]
		if n.text != text || n.kind != placeName || slices.Contains(out, n.place) {
			continue
		}
		if n.rule == declared {
			return append(out[:0], n.place)
		}
		out = append(out, n.place)
	}
	return out
}

// ruleOf returns where the name at counts for a place, or for any place when
// that is -1.
func (g *gazetteer) ruleOf(at, place int32) nameRule {
	text, rule := g.names[at].text, rightBy
	for ; at >= 0 && len(g.names[at].text) == len(text); at = g.names[at].next {
		if n := &g.names[at]; n.text == text && n.kind == placeName && (n.place == place || place < 0) {
			rule = min(rule, n.rule)
		}
	}
	return rule
}

// official returns the place with an official name, or -1.
func (g *gazetteer) official(name string) int32 {
	name = foldedName(name)
	for at := g.head(nameKey(name)); at >= 0; at = g.names[at].next {
		if n := &g.names[at]; n.text == name && n.kind == placeName && foldedName(g.officialName(n.place)) == name {
			return n.place
		}
	}
	return -1
}

// officialName returns the first name of a place.
func (g *gazetteer) officialName(place int32) string {
	name, _, _ := strings.Cut(g.places[place].chinese, "/")
	return plainName(strings.TrimLeft(name, "?~"))
}

// inside reports whether a place lies in another one.
func (g *gazetteer) inside(place, outer int32) bool {
	for at := g.places[place].within; at >= 0; at = g.places[at].within {
		if at == outer {
			return true
		}
	}
	return false
}

// allNames returns the names of a place, Chinese ones first, the official one
// first of all.
func (g *gazetteer) allNames(place int32) []string {
	p := &g.places[place]
	var out []string
	for name := range strings.SplitSeq(p.chinese, "/") {
		out = append(out, plainName(strings.TrimLeft(name, "?~")))
	}
	for name := range strings.FieldsFuncSeq(p.english, func(r rune) bool { return r == '/' || r == '=' }) {
		out = append(out, plainName(strings.TrimSuffix(name, "?")))
	}
	return out
}

// searchNames appends the names that a place, and all that it lies in, is
// found by, without those that are part of another one: 湖北省 is found by 湖北.
func (g *gazetteer) searchNames(place int32, out []string) []string {
	for ; place >= 0; place = g.places[place].within {
		names := g.allNames(place)
		for i, name := range names {
			part := func(longer string) bool { return len(longer) > len(name) && strings.Contains(longer, name) }
			if name[0] >= utf8.RuneSelf && slices.ContainsFunc(names, part) {
				continue
			}
			if !slices.Contains(out, names[i]) {
				out = append(out, names[i])
			}
		}
	}
	return out
}

// clone returns a gazetteer that names can be added to.
func (g *gazetteer) clone() *gazetteer {
	c := *g
	c.places, c.names, c.heads = slices.Clone(g.places), slices.Clone(g.names), slices.Clone(g.heads)
	return &c
}
