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
