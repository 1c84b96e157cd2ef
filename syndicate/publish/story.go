package publish

import (
	"html"
	"strings"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// maxRetold is how many of those who also tell a story an item names.
const maxRetold = 8

// A retelling is another article that tells the same as an item.
type retelling struct {
	syndicate.Telling
	source string // for people
	link   string // at the source, or our page of it
}

// retold adds to an item who else tells its story, as the last paragraph of
// its text. The item's date of change stays: that others tell the same is no
// reason to show it as new.
func (p *Publisher) retold(it *item, story *syndicate.Story) {
	if story == nil {
		return
	}
	it.story = story
	var plain, links []string
	for _, t := range story.Others(it.article.Key) {
		r := retelling{Telling: t, source: p.source(t.Source).title, link: address(t.URL)}
		if r.link == "" {
			r.link = p.Site.ArticleURL(t.Key)
		}
		it.retellings = append(it.retellings, r)
		if len(plain) < maxRetold {
			plain = append(plain, r.source)
			links = append(links, `<a href="`+html.EscapeString(r.link)+`">`+html.EscapeString(r.source)+`</a>`)
		}
	}
	text, err := templates.Locale(p.Site.Language)
	if err != nil {
		return // as in named
	}
	also, comma := text.T("story.also"), text.T("mail.comma")
	if it.Content == "" {
		it.Description = strings.TrimSpace(it.Description + " " + also + strings.Join(plain, comma))
		return
	}
	compare := text.T("web.story.compare")
	switch n := story.Agree(it.article.Key); {
	case n == 1:
		compare = text.T("story.agree.one", n)
	case n > 1:
		compare = text.T("story.agree", n)
	}
	it.Content += "\n<p>" + html.EscapeString(also) + strings.Join(links, html.EscapeString(comma)) +
		` · <a href="` + html.EscapeString(p.Site.StoryURL(story.ID)) + `">` + html.EscapeString(compare) + "</a></p>"
}
