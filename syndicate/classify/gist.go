package classify

import (
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// How long a summary is, in characters: its sentences together, and a first
// sentence alone that leaves no room for another. Feeds and pages show it
// whole; a digest cuts it to the room that its mail has.
const (
	gistHan   = 120
	gistLatin = 240

	longHan   = 180
	longLatin = 360
)

// maxGistSentences is how far into a text its summary looks.
const maxGistSentences = 40

// A passage is one sentence of a text, or several where a quotation or a pair
// of brackets holds them together.
type passage struct {
	start, end int     // in the text
	worth      float64 // of its main figure
}

// gist returns a summary: the first sentence of the text and, where there is
// room, the sentence with the main figure or else the next one of the lead.
// Its sentences are whole and stand as they stood in the text, in order; only
// a first sentence that is far too long is cut, at the end of a clause.
func gist(d *document, figures []syndicate.Figure) string {
	list := passages(d, figures)
	lead := ""
	for lead == "" && len(list) > 0 {
		lead = sentenceText(d, list[0].start, list[0].end)
		list = list[1:]
	}
	if lead == "" {
		return loose(d)
	}
	limit, long := gistLimits(lead)
	room := limit - runeLen(lead)
	if room < 0 {
		return longLead(d, lead, list, limit, long)
	}
	second, best := "", 1.0
	for i, p := range list {
		worth := 1/float64(i+2) + p.worth
		if p.start < d.leadEnd() {
			worth++
		}
		if worth <= best {
			continue
		}
		if text := sentenceText(d, p.start, p.end); text != "" && runeLen(text)+1 <= room {
			second, best = text, worth
		}
	}
	if second == "" {
		return lead
	}
	return join(lead, second)
}

// longLead returns the summary of a text whose first passage is too long: the
// passage while it is not far too long, else its first clauses, else the first
// passage that is short enough. What cannot be cut may be twice as long.
func longLead(d *document, lead string, list []passage, limit, long int) string {
	if runeLen(lead) <= long {
		return lead
	}
	if cut := syndicate.Truncate(lead, limit); syndicate.Balanced(cut) {
		return cut
	}
	for _, p := range list {
		if text := sentenceText(d, p.start, p.end); text != "" && runeLen(text) <= limit {
			return text
		}
	}
	if runeLen(lead) <= 2*long {
		return lead
	}
	return ""
}

// passages returns what a summary may be made of.
func passages(d *document, figures []syndicate.Figure) []passage {
	out := make([]passage, 0, min(len(d.sentences), maxGistSentences))
	for i := 0; i < len(d.sentences) && len(out) < maxGistSentences; i++ {
		s := d.sentences[i]
		if s.Head || !s.Ended {
			continue
		}
		last := together(d, i)
		if last < 0 {
			continue
		}
		p := passage{start: s.Start, end: d.sentences[last].End()}
		for ; ; i++ {
			p.worth = max(p.worth, mainFigure(figures, d.sentences[i].Text))
			if i == last {
				break
			}
		}
		out = append(out, p)
	}
	return out
}

// maxTogether is how many sentences of a quotation a summary keeps together.
const maxTogether = 5

// together returns the last of the sentences that belong together with
// sentence i, because a quotation or a pair of brackets holds them; -1 when
// what opens in it does not close nearby.
func together(d *document, i int) int {
	for k := i; k < min(i+maxTogether, len(d.sentences)); k++ {
		s := d.sentences[k]
		if s.Head || !s.Ended || k > i && s.Opens {
			return -1
		}
		if syndicate.Balanced(d.text[d.sentences[i].Start:s.End()]) {
			return k
		}
	}
	return -1
}

// loose returns the summary of a text without whole sentences: of its first
// line that is neither a head nor the title again nor boilerplate.
func loose(d *document) string {
	for _, s := range d.sentences[:min(len(d.sentences), maxGistSentences)] {
		if s.Head {
			continue
		}
		if text := sentenceText(d, s.Start, s.End()); text != "" {
			limit, _ := gistLimits(text)
			if text = syndicate.Truncate(text, limit); syndicate.Balanced(text) {
				return text
			}
		}
	}
	return ""
}

// leadEnd returns the offset in the text where the lead ends.
func (d *document) leadEnd() int {
	if d.lead == 0 {
		return 0
	}
	return d.sentences[d.lead-1].End()
}

// gistLimits returns how many characters a summary that begins with such a
// text may have, and how many one sentence alone.
func gistLimits(text string) (limit, long int) {
	if wide := (len(text) - runeLen(text)) / 2; wide*3 >= runeLen(text) {
		return gistHan, longHan
	}
	return gistLatin, longLatin
}

// mainFigure tells how much the figures of a sentence say: money first, then
// shares and what is measured, then what is counted.
func mainFigure(figures []syndicate.Figure, sentence string) float64 {
	best := 0.0
	for _, f := range figures {
		if f.Sentence != sentence {
			continue
		}
		worth := 0.4
		switch f.BaseUnit {
		case "元", "USD", "EUR", "GBP", "HKD", "JPY":
			worth = 1.0
		case "ratio", "m2", "m", "t", "kW", "kWh", "TEU", "m3":
			worth = 0.8
		case "year", "month", "day", "minute":
			worth = 0.1
		}
		best = max(best, worth)
	}
	return best
}

// join joins two passages as their script does.
func join(a, b string) string {
	end := strings.TrimRight(a, "”’」』\"")
	last, _ := utf8.DecodeLastRuneInString(end)
	first, _ := utf8.DecodeRuneInString(b)
	if last >= 0x2E80 || first >= 0x2E80 && last != '.' {
		return a + b
	}
	return a + " " + b
}

func runeLen(s string) int { return utf8.RuneCountInString(s) }
