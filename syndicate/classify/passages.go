package classify

import (
	"cmp"
	"slices"
	"strings"

	"broadsheet/syndicate"
)

// Passages returns the text of an article as it is searched for terms, with
// the places where terms were found, and the phrases that took terms out. It
// is what reasons are made of.
func (c *Classifier) Passages(a *syndicate.Article) []syndicate.Passage {
	s := c.scratch.Get().(*scratch)
	defer c.scratch.Put(s)
	var all []syndicate.Passage
	for zone, text := range newDocument(a).stretches {
		if strings.TrimSpace(text) == "" {
			continue
		}
		all = append(all, syndicate.Passage{Zone: zoneNames[zone], Text: text, Marks: c.marks(&s.finder, text)})
	}
	return all
}

// stretches yields the parts of a document in which terms are looked for, and
// their zones. No term is found across the border of two.
func (d *document) stretches(yield func(zone int, text string) bool) {
	if !yield(inTitle, d.title) || !yield(inLead, d.teaser) {
		return
	}
	for i := 0; i < len(d.sentences); {
		zone, from := inBody, i
		switch {
		case d.sentences[i].Head:
			zone, i = inHead, i+1
		case i < d.lead:
			zone, i = inLead, d.lead
		default:
			for i < len(d.sentences) && !d.sentences[i].Head {
				i++
			}
		}
		if !yield(zone, d.text[d.sentences[from].Start:d.sentences[i-1].End()]) {
			return
		}
	}
}

// marks returns what the themes find in a text.
func (c *Classifier) marks(f *finder, text string) []syndicate.Mark {
	f.text = f.text[:0]
	var origin []int // of each byte of the folded text, and of its end
	for i, r := range text {
		n := len(f.text)
		f.fold(string(r))
		for range len(f.text) - n {
			origin = append(origin, i)
		}
	}
	origin = append(origin, len(text))

	var marks []syndicate.Mark
	for i, found := range c.vocabulary.find(f) {
		for _, at := range found {
			m := syndicate.Mark{Theme: c.themes[i].ID, Start: origin[at.start], End: origin[at.end]}
			if term := c.vocabulary.patterns[at.pattern].term; term >= 0 {
				m.Term = c.vocabulary.terms[term].Text
			} else {
				m.Term, m.Out = text[m.Start:m.End], true
				m.Takes = c.within(i, m.Term)
			}
			marks = append(marks, m)
		}
	}
	slices.SortStableFunc(marks, func(a, b syndicate.Mark) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	return marks
}

// within returns the terms of a theme that stand in a phrase of its own.
func (c *Classifier) within(theme int, phrase string) []string {
	var terms []string
	phrase = normal(phrase)
	for _, term := range c.themes[theme].Terms {
		if strings.Contains(phrase, normal(term.Text)) {
			terms = append(terms, term.Text)
		}
	}
	return terms
}
