package syndicate

// A Passage is a stretch of an article's text, with what themes find in it.
type Passage struct {
	Zone  string `json:"zone"` // "title", "lead", "head" or "body"
	Text  string `json:"text"`
	Marks []Mark `json:"marks,omitempty"` // in order of Start; those of two themes may overlap
}

// A Mark is a place where a theme found one of its terms, or one of the
// phrases that take their words out.
type Mark struct {
	Theme string   `json:"theme"`
	Term  string   `json:"term"` // as the configuration has it; of a phrase, as it stands in the text
	Start int      `json:"start"`
	End   int      `json:"end"`             // Text[Start:End] is what was found
	Out   bool     `json:"out,omitempty"`   // a phrase that takes its words out
	Takes []string `json:"takes,omitempty"` // the terms that the phrase takes out
}
