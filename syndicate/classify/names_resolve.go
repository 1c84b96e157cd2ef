package classify

import (
	"slices"
	"strings"
)

// How much speaks for a place being the one that a name stands for.
const (
	forRight    = 100 // it lies in the place named right before
	forList     = 50  // its neighbour in a list lies in the same city
	forCity     = 40  // what it lies in is named
	forInner    = 40  // a place that lies in it is named
	forListWide = 30  // its neighbour in a list lies in the same province
	forProvince = 20  // the province or country is named
	forWidth    = 3   // the wider one of two is meant more often
)

// A context is what places a document names.
type context struct {
	g     *gazetteer
	named map[int32]bool // places that are named
	inner map[int32]bool // places that named ones lie in
}

func (c *context) add(place int32) {
	c.named[place] = true
	for at := c.g.places[place].within; at >= 0; at = c.g.places[at].within {
		c.inner[at] = true
	}
}

// resolve tells which places the mentions are of, leaves out those that are
// words more likely, and returns the rest, each once.
func (n *naming) resolve() (places, within []string) {
	if len(n.mentions) == 0 {
		return nil, nil
	}
	c := &context{g: n.g, named: map[int32]bool{}, inner: map[int32]bool{}}
	var found []int32
	for i := range n.mentions {
		found = n.g.candidates(n.mentions[i].name, found[:0])
		if len(found) == 1 && n.g.ruleOf(n.mentions[i].name, found[0]) <= always {
			c.add(found[0])
		}
	}
	out := results{g: n.g, at: map[string]int{}}
	before := int32(-1) // the place of the mention before
	for i := range n.mentions {
		m := &n.mentions[i]
		found = n.g.candidates(m.name, found[:0])
		place, score := c.choose(found, m, before)
		rule := n.g.ruleOf(m.name, place)
		if rule == rightBy && score < forRight || rule == named && score < forListWide {
			before = -1
			continue
		}
		out.add(m, place)
		before = place
		if place >= 0 {
			c.add(place)
		}
	}
	return out.places, out.within
}

// choose returns the place that a mention is of, and what speaks for it. It is
// -1 when nothing tells two apart.
func (c *context) choose(candidates []int32, m *mention, before int32) (place int32, score int) {
	place, score = -1, -1
	tie := false
	for _, p := range candidates {
		s := c.score(p, m, before)
		switch {
		case s > score:
			place, score, tie = p, s, false
		case s == score:
			tie = true
		}
	}
	if tie {
		return -1, score
	}
	return place, score
}

func (c *context) score(p int32, m *mention, before int32) int {
	g := c.g
	s := forWidth - int(g.places[p].level)
	outer := g.places[p].within
	if before >= 0 {
		switch {
		case m.right && g.inside(p, before):
			s += forRight
		case m.list && outer >= 0 && outer == g.places[before].within:
			s += forList
		case m.list && outer >= 0 && g.outermost(p) == g.outermost(before):
			s += forListWide
		}
	}
	switch {
	case outer < 0:
		if c.inner[p] {
			s += forInner
		}
	case c.named[outer]:
		s += forCity
	case c.inner[outer] && g.places[outer].within >= 0:
		s += forCity
	case c.named[g.outermost(p)]:
		s += forProvince
	}
	return s
}

// outermost returns the province or country of a place.
func (g *gazetteer) outermost(place int32) int32 {
	for g.places[place].within >= 0 {
		place = g.places[place].within
	}
	return place
}

// results are the places of a document in order.
type results struct {
	g      *gazetteer
	places []string
	within []string
	at     map[string]int // index in places, by what the place is
}

// add adds a place, or the fuller form of one that is there: 武汉市 for 武汉.
func (r *results) add(m *mention, place int32) {
	key := m.text
	if !m.more && place >= 0 {
		key = r.g.officialName(place)
	}
	at, seen := r.at[key]
	if !seen && m.more {
		// 武汉片区 after 中国（湖北）自由贸易试验区武汉片区 is the same.
		seen = slices.ContainsFunc(r.places, func(longer string) bool { return strings.HasSuffix(longer, m.text) })
		if seen {
			return
		}
	}
	switch {
	case seen && len(m.text) > len(r.places[at]):
		r.places[at] = m.text
	case !seen && len(r.places) < maxNames:
		r.at[key] = len(r.places)
		r.places = append(r.places, m.text)
	case !seen:
		return
	}
	if place >= 0 && (!seen || !slices.Contains(r.within, r.g.officialName(place))) {
		r.within = r.g.searchNames(place, r.within)
	}
}
