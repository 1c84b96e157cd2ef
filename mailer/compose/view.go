package compose

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// A View is what the templates of a digest are given: mail/digest.html
// and mail/digest.txt. All texts are plain, the templates escape them.
type View struct {
	Language    string // BCP 47
	Dir         string // "ltr" or "rtl"
	Site        string // title of the site
	SiteURL     string
	Title       string // of the digest
	Subject     string
	Date        string         // of the edition, in full
	Preheader   string         // what mail programs show beside the subject
	Summary     string         // how many articles, themes and sources
	Headlines   []HeadlineView // the amounts that say most, at most 4; none when there are fewer than 2
	Chart       *ChartView     // against the editions before; nil with fewer than 3 of them
	Sections    []SectionView
	Notices     []NoticeView // what needs the operator; only in digests for operators
	NoticesMore string       // how many are left out; "" when none
	Why         string       // why the reader gets this
	PageURL     string       // the edition's own page; "" when it has none
	Preferences string       // the reader's own page; holds the reader's token
	Unsubscribe string       // ends the digest; holds the reader's token
	UnsubMail   string       // mailto: address that ends it too; "" for none
	Contact     string       // the editor's address; "" for none
	Postal      string       // the editor's postal address; "" for none
	ArchiveURL  string       // earlier editions; "" when they have no pages
	FeedsURL    string
}

// A HeadlineView is an amount that the edition leads with, and the item that
// states it.
type HeadlineView struct {
	Text     string // as written
	Title    string // of the item
	URL      string // of the item's page
	Language string // as in ItemView
	Dir      string // as in ItemView
}

// A SectionView is a theme with its items.
type SectionView struct {
	ID    string // the theme's
	Title string
	URL   string // the theme's page, where those left out are
	Count int    // articles under the theme, those left out included
	More  string // how many are left out; "" when none
	Items []ItemView
}

// An ItemView is one article.
type ItemView struct {
	Number   int // counts through the edition, from 1
	Title    string
	URL      string // our page
	Link     string // at the source; "" for none
	Source   string
	Places   string // "" for none
	Date     string // "发布 7月23日"
	Gist     string // "" for none
	Figures  []FigureView
	Also     string          // "另见：产业"; "" for none
	Retold   []mailer.Retold // who else tells it
	Agree    string          // "（3 个数字一致）"; "" for none
	Language string          // where it is not that of the edition; else ""
	Dir      string          // "rtl" where the edition's is not; else ""
}

// A NoticeView is something that needs the operator.
type NoticeView struct {
	Title string
	Text  string
	Link  string // "" for none
	Since string // "自 7月23日"
}

// A FigureView is an amount as written, or a stretch of a text.
type FigureView struct {
	Text  string
	Whole bool // short enough to be kept on one line
}

// Bounds of an item's texts in columns; a Chinese character takes two.
const (
	titleCols  = 200
	sourceCols = 60
	figureCols = 60
	wholeCols  = 24
	noticeCols = 400
)

// maxNotices is how many notices an edition tells; a hundred sources behind one
// broken line need not be told one by one.
const maxNotices = 30

// A viewer turns an edition into what the templates are given.
type viewer struct {
	c     *Composer
	d     mailer.Digest
	e     *mailer.Edition
	loc   *time.Location
	cat   templates.Catalogue
	gist  int  // columns of a gist
	plain bool // without a chart, to save room
}

func (v viewer) view() View {
	out := View{
		Language:    v.e.Language,
		Dir:         direction(v.e.Language),
		Site:        v.c.Site.Title,
		SiteURL:     v.c.Site.Link("/"),
		Title:       v.e.Title,
		Subject:     v.e.Subject,
		Date:        v.cat.Heading(v.e.At.In(v.loc), cmp.Or(v.e.Created, v.e.At).In(v.loc).Year()),
		Preheader:   v.preheader(),
		Summary:     v.summary(),
		Why:         v.cat.T("mail.why", v.e.Title),
		Headlines:   v.headline(),
		Chart:       v.chart(),
		Preferences: v.c.Site.Link("/preferences/" + mailer.TokenMark),
		Unsubscribe: v.c.Site.Link("/unsubscribe/" + mailer.TokenMark + "?digest=" + url.QueryEscape(v.e.Digest)),
		Contact:     v.c.Site.Contact,
		Postal:      oneLine(v.c.Postal),
		FeedsURL:    v.c.Site.Link("/feeds"),
	}
	if out.Contact != "" {
		out.UnsubMail = mailer.UnsubscribeURL(out.Contact, v.e.Digest)
	}
	if !v.e.Private {
		out.ArchiveURL = v.c.Site.Link("/digests/" + url.PathEscape(v.e.Digest))
		out.PageURL = out.ArchiveURL + "/" + mailer.NumberMark
	}
	n := 0
	for _, s := range v.e.Sections {
		sv := SectionView{ID: s.Theme, Title: s.Title, URL: s.URL, Count: count(s)}
		if s.More > 0 {
			sv.More = v.number("mail.more", s.More)
		}
		for i := range s.Items {
			n++
			sv.Items = append(sv.Items, v.item(&s.Items[i], n))
		}
		out.Sections = append(out.Sections, sv)
	}
	for i := range v.e.Notices[:min(len(v.e.Notices), maxNotices)] {
		n := &v.e.Notices[i]
		nv := NoticeView{
			Title: shorten(oneLine(n.Title), titleCols), Text: shorten(oneLine(n.Text), noticeCols),
			Since: v.cat.T("mail.notice.since", v.date("mail.date.day", n.At)),
		}
		if strings.HasPrefix(n.Link, "http") { // a mail program opens nothing else
			nv.Link = n.Link
		}
		out.Notices = append(out.Notices, nv)
	}
	if n := len(v.e.Notices) - maxNotices; n > 0 {
		out.NoticesMore = v.number("mail.notices.more", n)
	}
	return out
}

func (v viewer) item(it *mailer.Item, n int) ItemView {
	out := ItemView{
		Number: n,
		Title:  shorten(it.Title, titleCols),
		URL:    it.URL,
		Link:   it.Link,
		Source: shorten(oneLine(it.Source), sourceCols),
		Places: shorten(oneLine(strings.Join(it.Places, v.cat.T("mail.comma"))), sourceCols),
		Date:   v.published(it),
	}
	if v.gist > 0 {
		out.Gist = shorten(it.Gist, v.gist)
	}
	for _, f := range it.Figures {
		text := shorten(f, figureCols)
		out.Figures = append(out.Figures, FigureView{Text: text, Whole: Columns(text) <= wholeCols})
	}
	if len(it.Also) > 0 {
		out.Also = v.cat.T("mail.also", strings.Join(it.Also, v.cat.T("mail.comma")))
	}
	if len(it.Retold) > 0 {
		out.Retold, out.Agree = v.retold(it), v.agree(it.Agree)
	}
	if it.Language != "" && !strings.EqualFold(it.Language, v.e.Language) {
		out.Language = it.Language
	}
	if dir := textDirection(it.Title); dir != direction(v.e.Language) {
		out.Dir = dir
	}
	return out
}

// maxRetold is how many of those who also tell a story an item names.
const maxRetold = 5

// retold returns who else tells what an item tells, each source once.
func (v viewer) retold(it *mailer.Item) []mailer.Retold {
	var out []mailer.Retold
	for _, r := range it.Retold {
		r.Source = shorten(oneLine(r.Source), sourceCols)
		if len(out) < maxRetold && !slices.ContainsFunc(out, func(o mailer.Retold) bool { return o.Source == r.Source }) {
			out = append(out, r)
		}
	}
	return out
}

// agree says how many figures agree, "" for none.
func (v viewer) agree(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return v.cat.T("mail.retold.agree.one", n)
	}
	return v.cat.T("mail.retold.agree", n)
}

// published says when an item was published, or first seen where its source
// does not tell. The year stands only where it is not the edition's.
func (v viewer) published(it *mailer.Item) string {
	layout := "mail.date.full"
	if it.Published.In(v.loc).Year() == v.e.At.In(v.loc).Year() {
		layout = "mail.date.day"
	}
	key := "mail.published"
	if it.Inferred {
		key = "mail.first_seen"
	}
	return v.cat.T(key, v.date(layout, it.Published))
}

// date writes a date by a layout of the catalogue, as package time's, with
// the catalogue's names of months.
func (v viewer) date(layout string, t time.Time) string {
	t = t.In(v.loc)
	out := t.Format(v.cat.T(layout))
	if own := strings.Fields(v.cat.T("mail.months")); len(own) == 12 {
		out = strings.ReplaceAll(out, t.Month().String(), own[t.Month()-1])
	}
	return out
}

// number writes a text that counts something: the key with .one for one.
func (v viewer) number(key string, n int) string {
	if n == 1 {
		return v.cat.T(key+".one", n)
	}
	return v.cat.T(key+".other", n)
}

// summary says what is in the edition in one line.
func (v viewer) summary() string {
	if len(v.e.Sections) == 0 {
		return v.cat.T("mail.nothing")
	}
	articles := 0
	sources := map[string]bool{}
	for _, s := range v.e.Sections {
		articles += count(s)
		for _, it := range s.Items {
			sources[it.Source] = true
		}
	}
	return v.cat.T("mail.summary", v.number("mail.articles", articles),
		v.number("mail.themes", len(v.e.Sections)), v.number("mail.sources", len(sources)))
}

// preheader is made of the first title of every theme.
func (v viewer) preheader() string {
	var titles []string
	for _, s := range v.e.Sections {
		if len(s.Items) > 0 {
			titles = append(titles, shorten(s.Items[0].Title, 80))
		}
	}
	return shorten(strings.Join(titles, v.cat.T("mail.semicolon")), 200)
}

// subjectCols is the longest subject in columns: 30 Chinese characters.
const subjectCols = 60

// subject tells what is in the edition: title, date, and how many articles
// each theme has, for as many themes as fit.
func (v viewer) subject() string {
	head := []any{shorten(v.e.Title, subjectCols/2), v.date("mail.date.subject", v.e.At)}
	if len(v.e.Sections) == 0 && len(v.e.Notices) > 0 {
		return v.cat.T("mail.subject", append(head, v.number("mail.notices", len(v.e.Notices)))...)
	}
	if len(v.e.Sections) == 0 {
		return v.cat.T("mail.subject", append(head, v.cat.T("mail.nothing"))...)
	}
	subject := ""
	parts := ""
	for i, s := range v.e.Sections {
		if i > 0 {
			parts += v.cat.T("mail.subject.join")
		}
		parts += v.cat.T("mail.subject.theme", s.Title, count(s))
		longer := v.cat.T("mail.subject", append(slices.Clone(head), parts)...)
		if Columns(longer) > subjectCols {
			if rest := subject + v.cat.T("mail.subject.rest"); subject != "" && Columns(rest) <= subjectCols {
				subject = rest
			}
			break
		}
		subject = longer
	}
	return cmp.Or(subject, v.cat.T("mail.subject", append(head, strconv.Itoa(len(v.e.Items())))...))
}

// count returns the articles of a section, those left out included.
func count(s mailer.Section) int { return len(s.Items) + s.More }

// direction returns the direction of a language's script.
func direction(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if slices.Contains([]string{"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}, base) {
		return "rtl"
	}
	return "ltr"
}

// textDirection returns the direction of the first letter of a text (UAX #9,
// rule P2).
func textDirection(text string) string {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam):
			return "rtl"
		case unicode.IsLetter(r):
			return "ltr"
		}
	}
	return "ltr"
}

// inWords is a number in words with a unit of one character, scaled one in
// digits that ends with a word: £96 million.
var (
	inWords = regexp.MustCompile(`[` + numerals + `]{2,}[` + units + `]?`)
	scaled  = regexp.MustCompile(`[£$€]?\d[\d.,]* (?:` + scales + `)\b`)
)

// whole divides a text into what should stay on one line, a number with its
// unit, and what lies between.
func whole(text string) []FigureView { return divide(text, scaled) }

// title is whole for a line in large letters, where numbers in words stay on
// one line, too. In all of a text they would be so much markup within words
// that filters of spam take it for a disguise.
func title(text string) []FigureView { return divide(text, scaled, inWords) }

// divide divides a text at its numbers, and at what the patterns find.
func divide(text string, also ...*regexp.Regexp) []FigureView {
	var out []FigureView
	at := 0
	spans := syndicate.Unbroken(text)
	for _, pattern := range also {
		for _, span := range pattern.FindAllStringIndex(text, -1) {
			spans = append(spans, [2]int{span[0], span[1]})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	for _, span := range spans {
		if span[0] < at {
			continue
		}
		number := text[span[0]:span[1]]
		if Columns(number) > wholeCols || !strings.Contains(number, " ") && Columns(number) == len(number) {
			continue // too long, or kept together by every browser: 2.35%
		}
		if span[0] > at {
			out = append(out, FigureView{Text: text[at:span[0]]})
		}
		out = append(out, FigureView{Text: number, Whole: true})
		at = span[1]
	}
	if at < len(text) {
		out = append(out, FigureView{Text: text[at:]})
	}
	return out
}
