package read

import (
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Articles makes articles of what a document of a source says: complete but
// for ID, FirstSeen, Changed and Analysis. They are in the document's order;
// what it says twice comes once.
//
// Dates in the future become now, and PublishedRaw keeps what the source said;
// articles without a date get now, and Inferred. When the document's ids turn
// out to be worthless, res.Identity says which rung of the ladder was used
// instead, and res.Repairs why.
func Articles(src *syndicate.Source, res *Result, now time.Time) []syndicate.Article {
	loc := src.Location
	if loc == nil {
		loc = time.UTC
	}
	articles := make([]syndicate.Article, 0, len(res.Entries))
	days := make([]string, 0, len(res.Entries))
	silent := 0
	for i := range res.Entries {
		e := &res.Entries[i]
		a := article(src, e, now)
		if a.Title == "" && a.Text == "" && a.URL == "" && len(a.Enclosures) == 0 {
			silent++
			continue
		}
		articles = append(articles, a)
		days = append(days, dayOf(e, loc))
	}
	if silent > 0 {
		res.repairf("%d of %d entries have neither title nor text, link or file; left out", silent, len(res.Entries))
	}
	rung, repeated := chooseRung(articles, days, res.Identity)
	if rung > res.Identity {
		res.repairf("%d of %d entries share their %s with a different one; identified by %s", repeated, len(articles), rung-1, rung)
	}
	res.Identity = rung
	return identify(articles, days, rung)
}

// article makes an article of an entry, without its identity.
func article(src *syndicate.Source, e *Entry, now time.Time) syndicate.Article {
	a := syndicate.Article{
		Source:       src.Name,
		GUID:         e.guid,
		Title:        e.Title,
		Content:      e.Content,
		Text:         e.text,
		Sections:     e.Sections,
		Published:    e.Published,
		PublishedRaw: e.PublishedRaw,
		Updated:      e.Updated,
	}
	if webAddress(e.Link) {
		a.URL = cleanLink(e.Link)
	}
	switch {
	case a.Content == "":
		a.Content, a.Text = e.Summary, e.summaryText
	case e.summaryText != a.Text:
		a.Summary = strings.ReplaceAll(e.summaryText, "\n", " ")
	}
	for _, p := range e.Authors {
		if name := firstOf(p.Name, p.Email); name != "" {
			a.Authors = append(a.Authors, name)
		}
	}
	for _, c := range e.Categories {
		a.Categories = append(a.Categories, firstOf(c.Label, c.Term))
	}
	for _, f := range e.Enclosures {
		if webAddress(f.URL) && !f.preview {
			n, _ := strconv.ParseInt(strings.TrimSpace(f.Length), 10, 64) // unknown is 0
			a.Enclosures = append(a.Enclosures, syndicate.Enclosure{URL: f.URL, Type: f.Type, Length: max(n, 0)})
		}
	}
	a.Content = markLinks(a.Content)
	if a.Title == "" {
		a.Title = titleFrom(firstOf(a.Text, a.Summary, a.URL))
	}
	a.Language = articleLanguage(e.Language, src.Language, a.Title+"\n"+firstOf(a.Text, a.Summary))
	a.Hash = hashOf(&a, e.UpdatedRaw)
	date(&a, now)
	return a
}

// linkRel is on every link that leaves the paper: what stands in an article
// was written by others.
const linkRel = "noopener nofollow ugc"

// markLinks puts linkRel on the links of sanitised HTML. In that, "<" begins
// a tag and nothing else.
func markLinks(clean string) string {
	return strings.ReplaceAll(clean, "<a ", `<a rel="`+linkRel+`" `)
}

// maxMadeTitle is how many characters a title made of the text has at most.
const maxMadeTitle = 60

// titleFrom makes a title for an article that has none, as short notices do:
// the first sentence of its text, or the beginning of that.
func titleFrom(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	for i, r := range line {
		switch r {
		case '。', '！', '？':
			return shorten(line[:i+len(string(r))], maxMadeTitle)
		case '.', '!', '?':
			if strings.HasPrefix(line[i+1:], " ") && i > 10 {
				return shorten(line[:i+1], maxMadeTitle)
			}
		}
	}
	return shorten(line, maxMadeTitle)
}

// date sees to it that an article has a date and that it is not in the future.
// One that only has a time of modification takes that.
func date(a *syndicate.Article, now time.Time) {
	if a.Published.IsZero() && !a.Updated.IsZero() {
		a.Published = a.Updated
	}
	if a.Published.IsZero() {
		a.Published, a.Inferred = now.UTC(), true
	}
	if a.Published.After(now) {
		a.Published = now.UTC()
	}
	if a.Updated.After(now) {
		a.Updated = now.UTC()
	}
}
