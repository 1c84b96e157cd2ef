package classify

import (
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// How long a summary may be, in characters.
const (
	gistHan   = 120
	gistLatin = 240
)

// gist returns a summary: the first sentence of the text and, where there is
// room, the sentence with the main figure or else the next one of the lead.
// Its sentences are whole and stand as they stood in the text, in order; only
// a first sentence that is too long is cut, at the end of a clause.
func gist(d *document, figures []syndicate.Figure) string {
	whole := wholeSentences(d)
	if len(whole) == 0 {
		return syndicate.Truncate(d.loose(), gistLimit(d.text))
	}
	limit := gistLimit(whole[0].Text)
	room := limit - runeLen(whole[0].Text)
	if room < 0 {
		return syndicate.Truncate(whole[0].Text, limit)
	}
	second, best := -1, 0.0
	for i, s := range whole[1:] {
		if runeLen(s.Text)+1 > room {
			continue
		}
		worth := 1 / float64(i+2)
		if s.Start < d.leadEnd() {
			worth += 1
		}
		if main := mainFigure(figures, s.Text); main > 0 {
			worth += main
		}
		if worth > best && worth > 1 {
			second, best = i+1, worth
		}
	}
	if second < 0 {
		return whole[0].Text
	}
	return join(whole[0].Text, whole[second].Text)
}

// maxGistSentences is how far into a text its summary looks.
const maxGistSentences = 40

// wholeSentences returns the sentences that a summary may be made of.
func wholeSentences(d *document) []syndicate.Sentence {
	out := make([]syndicate.Sentence, 0, min(len(d.sentences), maxGistSentences))
	for _, s := range d.sentences {
		if len(out) == maxGistSentences {
			break
		}
		if !s.Head && s.Ended && s.Text != d.title {
			out = append(out, s)
		}
	}
	return out
}

// loose returns what stands in for whole sentences: the first line of the
// text that is neither a head nor the title again.
func (d *document) loose() string {
	for _, s := range d.sentences {
		if !s.Head && s.Text != d.title {
			return s.Text
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

// gistLimit returns how many characters a summary of such a text may have.
func gistLimit(text string) int {
	if wide := (len(text) - runeLen(text)) / 2; wide*3 >= runeLen(text) {
		return gistHan
	}
	return gistLatin
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

// join joins two sentences as their script does.
func join(a, b string) string {
	if strings.HasSuffix(a, ".") || b[0] < 0x80 && b[0] != '"' {
		return a + " " + b
	}
	return a + b
}

func runeLen(s string) int { return utf8.RuneCountInString(s) }
