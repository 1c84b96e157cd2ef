package syndicate

import "time"

// A Story is a piece of news with the articles that tell it.
type Story struct {
	ID       string    `json:"id"`      // the key of the article that told it first; it stays when that article goes
	Changed  time.Time `json:"changed"` // when articles last came to it or left it
	Tellings []Telling `json:"tellings"`
}

// A Telling is an article as one of those that tell a story.
type Telling struct {
	Key       string    `json:"key"`
	Source    string    `json:"source"` // Source.Name
	Title     string    `json:"title"`
	Lead      string    `json:"-"` // what the article begins with; see [Lead]
	URL       string    `json:"url,omitempty"`
	Language  string    `json:"language,omitempty"`
	Published time.Time `json:"published,omitzero"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	Reason    string    `json:"reason,omitempty"` // why it tells the same; "" for the first of a story
	Agree     int       `json:"agree,omitempty"`  // how many different figures it has in common with the first of the story
}

// Others returns the tellings but that of a key, in their order.
func (s *Story) Others(key string) []Telling {
	var others []Telling
	for _, t := range s.Tellings {
		if t.Key != key {
			others = append(others, t)
		}
	}
	return others
}

// Agree returns how many figures the tellings but that of a key have in
// common with the first one: as many as that which has most of them.
func (s *Story) Agree(key string) int {
	most := 0
	for _, t := range s.Others(key) {
		most = max(most, t.Agree)
	}
	return most
}

// A Told is an article that stands for all that tell the same.
type Told struct {
	Article
	Story *Story // nil when no other article tells it
}

// A Verdict says whether two articles tell the same news, and why.
type Verdict struct {
	Same       bool
	Conflict   bool    // something says that they cannot: another period, place, stage
	Correction bool    // one of them corrects what was told before
	Score      float64 // from 0 to 1; what is the same has at least 0.5
	Reason     string
}

// maxLead is how much of an article's text its lead takes, in bytes.
const maxLead = 600

// Lead returns what an article begins with: its text, or else its summary, up
// to the end of the sentence before 600 bytes.
func Lead(a *Article) string {
	text := a.Text
	if text == "" {
		text = a.Summary
	}
	if len(text) <= maxLead {
		return text
	}
	end := 0
	for _, s := range Sentences(text[:runeStart(text, maxLead)]) {
		if s.Ended {
			end = s.End()
		}
	}
	if end == 0 {
		end = runeStart(text, maxLead)
	}
	return text[:end]
}

// runeStart returns the last place at or before n where a rune of s begins.
func runeStart(s string, n int) int {
	for n > 0 && n < len(s) && s[n]&0xC0 == 0x80 {
		n--
	}
	return n
}
