package classify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// A Place is a place that the operator adds: an entry of `places:` in the
// configuration.
type Place struct {
	Name string   // unique; Chinese or any other script
	In   string   // the place it lies in, known or added before it; "" for none
	Also []string // its other names
}

// maxPlaceName is the longest name of a place, in bytes.
const maxPlaceName = 120

// Place returns the place with a name, in either language, and whether there
// is one. near are names of places that tell which one is meant where there
// are several; they may be those of Analysis.Within.
func (c *Classifier) Place(name string, near []string) (syndicate.Place, bool) {
	return c.gazetteer.lookUp(name, near)
}

// lookUp finds the place that a name stands for: a name of one place, names of
// places one in the other (南京鼓楼区), or a name with what texts add to it (武汉综合保税区).
func (g *gazetteer) lookUp(name string, near []string) (syndicate.Place, bool) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxPlaceName || !utf8.ValidString(name) {
		return syndicate.Place{}, false
	}
	m, place, ok := g.whole(name, near)
	if !ok {
		m, place, ok = g.whole(capitalised(name), near)
	}
	switch {
	case !ok:
		return syndicate.Place{}, false
	case place < 0 || m.more: // which one cannot be told, or a part of a place
		p := syndicate.Place{Name: foldedName(m.text), Query: namedAs(m.text)}
		if place >= 0 {
			p.In = append([]syndicate.Place{g.shown(place)}, g.outer(place)...)
		}
		return p, true
	}
	p := g.shown(place)
	p.In = g.outer(place)
	return p, true
}

// namedAs returns the query for a name as texts write it.
func namedAs(name string) syndicate.Query {
	return syndicate.Query{Text: "place:" + quoted(name), Root: syndicate.Field{Name: "place", Value: syndicate.Fold(name)}}
}

func quoted(name string) string {
	if strings.ContainsAny(name, " ()（）") {
		return `"` + name + `"`
	}
	return name
}

// whole reads a name as a text and returns the place that all of it names; -1
// is one of several.
func (g *gazetteer) whole(name string, near []string) (m *mention, place int32, ok bool) {
	n := naming{g: g}
	n.read(name)
	if len(n.mentions) == 0 {
		return nil, 0, false
	}
	c := &context{g: g, named: map[int32]bool{}, inner: map[int32]bool{}}
	for _, other := range near {
		if p := g.official(other); p >= 0 {
			c.add(p)
		}
	}
	place = -1
	var found []int32
	for i := range n.mentions {
		m = &n.mentions[i]
		if i > 0 && !m.right {
			return nil, 0, false
		}
		found = g.candidates(m.name, found[:0])
		before := place
		place, _ = c.choose(found, m, before)
		if i > 0 && (place < 0 || before < 0 || !g.inside(place, before)) {
			return nil, 0, false
		}
	}
	if place < 0 && g.ruleOf(m.name, -1) == rightBy {
		return nil, 0, false // 城区 alone is no name
	}
	return m, place, m.end == len(name) && strings.HasPrefix(name, n.mentions[0].text)
}

// capitalised writes the words of an English name with capitals: new york.
func capitalised(name string) string {
	words := strings.Fields(strings.ToLower(name))
	for i, w := range words {
		if w != "of" && w != "and" && w != "es" && w != "de" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// shown returns a place without what it lies in.
func (g *gazetteer) shown(place int32) syndicate.Place {
	p := syndicate.Place{Name: g.uniqueName(place)}
	for _, name := range g.allNames(place) {
		if name[0] < utf8.RuneSelf {
			p.English = name
			break
		}
	}
	official := g.officialName(place)
	p.Query = namedAs(official)
	// Where several places have a name, what they lie in tells them apart.
	if outer := g.places[place].within; outer >= 0 && len(g.candidates(g.entryOf(official), nil)) > 1 {
		wider := namedAs(g.officialName(outer))
		p.Query = syndicate.Query{Text: p.Query.Text + " " + wider.Text, Root: syndicate.And{p.Query.Root, wider.Root}}
	}
	return p
}

// entryOf returns the entry of a name.
func (g *gazetteer) entryOf(name string) int32 {
	name = foldedName(name)
	for at := g.head(nameKey(name)); at >= 0; at = g.names[at].next {
		if g.names[at].text == name {
			return at
		}
	}
	return -1
}

// outer returns what a place lies in, the nearest first.
func (g *gazetteer) outer(place int32) []syndicate.Place {
	var out []syndicate.Place
	for at := g.places[place].within; at >= 0; at = g.places[at].within {
		out = append(out, g.shown(at))
	}
	return out
}

// uniqueName returns the shortest name that stands for a place alone: 武汉, but
// 吉林市, because 吉林 is the province, and 南京鼓楼区, because others have one.
func (g *gazetteer) uniqueName(place int32) string {
	names := g.allNames(place)
	official := names[0]
	if g.places[place].level < 3 {
		best := ""
		for _, name := range names {
			if name[0] >= utf8.RuneSelf && (best == "" || len(name) < len(best)) && g.alone(name) == place {
				best = name
			}
		}
		if best != "" {
			return best
		}
	}
	if g.alone(official) == place || g.places[place].within < 0 {
		return official
	}
	return g.uniqueName(g.places[place].within) + official
}

// alone returns the place that a name stands for where nothing tells more.
func (g *gazetteer) alone(name string) int32 {
	at := g.entryOf(name)
	if at < 0 {
		return -1
	}
	c := &context{g: g}
	place, _ := c.choose(g.candidates(at, nil), &mention{}, -1)
	return place
}

// with returns a gazetteer that knows the operator's places too.
func (g *gazetteer) with(places []Place) (*gazetteer, error) {
	if len(places) == 0 {
		return g, nil
	}
	g = g.clone()
	var errs []error
	seen := map[string]int{}
	for i, p := range places {
		fault := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("places[%d]"+format, append([]any{i}, args...)...))
		}
		if !nameable(p.Name) {
			fault(".name: %q is no name of a place; use two characters at least and %d bytes at most, an English name with a capital", p.Name, maxPlaceName)
			continue
		}
		for j, also := range p.Also {
			if !nameable(also) {
				fault(".also[%d]: %q is no name of a place; use two characters at least and %d bytes at most, an English name with a capital", j, also, maxPlaceName)
			}
		}
		if first, twice := seen[p.Name+"\n"+p.In]; twice {
			fault(".name: %s stands under places[%d] already; take one out", p.Name, first)
			continue
		}
		seen[p.Name+"\n"+p.In] = i
		outer := int32(-1)
		if p.In != "" {
			m, place, ok := g.whole(p.In, nil)
			switch {
			case !ok || m.more:
				fault(".in: there is no place %q; add it above this one, or name a city or province", p.In)
				continue
			case place < 0:
				fault(".in: there are several places %q; write what it lies in before it, as in 南京鼓楼区", p.In)
				continue
			}
			outer = place
		}
		g.declare(p, outer)
	}
	return g, errors.Join(errs...)
}

// nameable reports whether texts can be searched for a name.
func nameable(name string) bool {
	return name == strings.TrimSpace(name) && len(name) <= maxPlaceName && nameKey(name) != 0 &&
		!strings.ContainsAny(name, "/=?~_\n") && (name[0] >= utf8.RuneSelf || name[0] >= 'A' && name[0] <= 'Z')
}

// declare adds a place of the operator, or names to one that is known. Where
// others have such a name, that of the operator is meant.
func (g *gazetteer) declare(p Place, outer int32) {
	name := foldedName(p.Name)
	place := int32(-1)
	if at := g.entryOf(name); at >= 0 && g.names[at].kind == placeName {
		for _, known := range g.candidates(at, nil) {
			if outer >= 0 && g.places[known].within == outer {
				place = known
			}
		}
		if known := g.alone(name); outer < 0 && known >= 0 && g.ruleOf(at, known) <= always {
			place = known
		}
	}
	if place < 0 {
		place = int32(len(g.places))
		g.places = append(g.places, placeEntry{within: outer, level: 3})
	}
	entry := &g.places[place]
	for _, also := range append([]string{p.Name}, p.Also...) {
		also = foldedName(also)
		list, sep := &entry.chinese, "/"
		if also[0] < utf8.RuneSelf && entry.chinese != "" {
			list, sep = &entry.english, "="
		}
		if !slices.Contains(g.allNames(place), also) {
			if *list != "" {
				*list += sep
			}
			*list += strings.ReplaceAll(also, " ", "_")
		}
		g.add(nameEntry{text: also, place: place, kind: placeName, rule: declared})
	}
}
