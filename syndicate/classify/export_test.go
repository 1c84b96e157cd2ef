package classify

import "broadsheet/syndicate"

// NewFinder returns what finds the terms of themes in a text and nothing else.
func NewFinder(themes []syndicate.Theme) (func(text string) int, error) {
	c, err := New(Config{Themes: themes})
	if err != nil {
		return nil, err
	}
	s := newScratch(c.vocabulary, nil)
	return func(text string) int {
		s.finder.text = s.finder.text[:0]
		s.finder.fold(text)
		n := 0
		for _, theme := range c.vocabulary.find(&s.finder) {
			n += len(theme)
		}
		return n
	}, nil
}

// Places calls visit for every place of the gazetteer: the name its page has,
// its official one, those of what it lies in, and all of its names.
func Places(visit func(name, official string, level int, in, names []string)) {
	g := sharedGazetteer()
	for i := range g.places {
		p := int32(i)
		var in []string
		for _, outer := range g.outer(p) {
			in = append(in, outer.Name)
		}
		visit(g.uniqueName(p), g.officialName(p), int(g.places[i].level), in, g.allNames(p))
	}
}

// BuildGazetteer builds the gazetteer anew. What it returns keeps it.
func BuildGazetteer() any { return newGazetteer() }
