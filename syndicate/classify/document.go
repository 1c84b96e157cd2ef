package classify

import (
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// A document is an article prepared for reading: its parts and sentences.
type document struct {
	title     string // without the series prefix
	teaser    string // the source's summary, if its text does not begin with it
	text      string
	sentences []syndicate.Sentence // of text
	lead      int                  // how many of them are the lead
}

// The lead: the sentences before the first head, but not more than leadMost,
// and a third one only while the lead is short.
const (
	leadMost  = 3
	leadWidth = 150 // in Chinese characters; Latin ones count half
)

// maxText bounds what is read of an article, in bytes.
const maxText = 4 << 20

func newDocument(a *syndicate.Article) *document {
	d := &document{title: a.DisplayTitle(), text: fullText(a)}
	if len(d.text) > maxText {
		d.text = strings.ToValidUTF8(d.text[:maxText], "")
	}
	if !contains(d.text, a.Summary) {
		d.teaser = a.Summary
	}
	d.sentences = syndicate.Sentences(d.text)
	d.markHeads(a.Sections)
	d.lead = leadLen(d.sentences)
	return d
}

// fullText returns the text of an article with its sections, or what stands
// in for a text.
func fullText(a *syndicate.Article) string {
	text := a.Text
	if strings.TrimSpace(text) == "" && len(a.Sections) == 0 {
		return a.Summary
	}
	var b strings.Builder
	for _, s := range a.Sections {
		if !contains(text, s.Text) {
			b.WriteString("\n" + s.Head + "\n" + s.Text)
		}
	}
	if b.Len() == 0 {
		return text
	}
	if strings.TrimSpace(text) == "" {
		text = a.Summary
	}
	return text + b.String()
}

// contains reports whether the beginning of part stands in text.
func contains(text, part string) bool {
	part = strings.TrimSpace(part)
	n := 0
	for i := range part {
		if n == 24 {
			part = part[:i]
			break
		}
		n++
	}
	return strings.Contains(text, part)
}

// markHeads marks the lines that are heads of the article's sections.
func (d *document) markHeads(sections []syndicate.Section) {
	if len(sections) == 0 {
		return
	}
	heads := make(map[string]bool, len(sections))
	for _, s := range sections {
		heads[strings.TrimSpace(s.Head)] = s.Head != ""
	}
	for i := range d.sentences {
		s := &d.sentences[i]
		if s.Opens && heads[s.Text] {
			s.Head = true
		}
	}
}

// leadLen returns how many sentences are the lead.
func leadLen(sentences []syndicate.Sentence) int {
	width := 0.0
	for i, s := range sentences {
		if s.Head || i == leadMost || i > 0 && width >= leadWidth {
			return i
		}
		width += textWidth(s.Text)
	}
	return len(sentences)
}

// textWidth returns the width of s in Chinese characters: others count half.
func textWidth(s string) float64 {
	runes := utf8.RuneCountInString(s)
	wide := (len(s) - runes) / 2 // three bytes each
	return float64(wide) + float64(runes-wide)/2
}
