package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"broadsheet/mailer"
)

// A chart compares an edition with those before it. With fewer than
// minPast of them there is none; it shows pastEditions at most.
const (
	minPast      = 3
	pastEditions = 8
)

// maxChartRows is how many themes a chart shows, those with most articles.
const maxChartRows = 6

// barHeight is the height of the longest bar in pixels.
const barHeight = 24

// A ChartView compares what each theme has with what it had in the editions
// before, by articles and by the money they are about.
type ChartView struct {
	Title string // "与前8期相比"
	Note  string // how to read it
	Rows  []ChartRowView
}

// A ChartRowView is a theme in a chart.
type ChartRowView struct {
	ID       string // the theme's
	Title    string
	Count    int // articles in this edition; 0 when it has no section
	Articles SeriesView
	Amounts  *SeriesView // nil when there were none in any edition
}

// A SeriesView is a number through the editions.
type SeriesView struct {
	Bars []BarView // the oldest edition first, this one last
	Now  string    // "8篇", "412亿元"
	Mean string    // of the editions before: "平均5.3"
	Past string    // each of the editions before, the oldest first: "5、3、8"
	Most string    // the most that one of the editions before had
}

// A BarView is one number of a series.
type BarView struct {
	Height int  // pixels, 1 to 24
	Now    bool // this edition's
}

// nextNumber returns the number of the edition after those that were.
func nextNumber(past []mailer.Edition) int {
	if len(past) == 0 {
		return 1
	}
	return past[0].Number + 1
}

// chart returns nil when there is too little to compare with.
func (v viewer) chart() *ChartView {
	if len(v.e.Past) < minPast || v.plain {
		return nil
	}
	editions := []mailer.Edition{*v.e}
	editions = append(editions, v.e.Past[:min(len(v.e.Past), pastEditions)]...)
	slices.Reverse(editions)
	unit := currency(editions)
	out := &ChartView{Title: v.number("mail.chart", len(editions)-1), Note: v.cat.T("mail.chart.note")}
	for _, t := range v.c.themes(v.d) {
		row := ChartRowView{ID: t.ID, Title: t.DisplayTitle(v.e.Language)}
		articles, amounts := make([]float64, len(editions)), make([]float64, len(editions))
		for i, e := range editions {
			for _, s := range e.Sections {
				if s.Theme == t.ID {
					articles[i], amounts[i] = float64(count(s)), s.Sums[unit]
				}
			}
		}
		row.Count = int(articles[len(articles)-1])
		row.Articles = v.series(articles, func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) })
		row.Articles.Now = v.number("mail.chart.articles", row.Count)
		if slices.Max(amounts) > 0 {
			s := v.series(amounts, func(x float64) string { return v.cat.Amount(x, unit) })
			row.Amounts = &s
		}
		if slices.Max(articles) > 0 {
			out.Rows = append(out.Rows, row)
		}
	}
	if len(out.Rows) == 0 {
		return nil
	}
	out.Rows = most(out.Rows, maxChartRows)
	return out
}

// most leaves the n rows with most articles, in their order.
func most(rows []ChartRowView, n int) []ChartRowView {
	if len(rows) <= n {
		return rows
	}
	counts := make([]int, len(rows))
	for i, r := range rows {
		counts[i] = r.Count
	}
	slices.SortFunc(counts, func(a, b int) int { return cmp.Compare(b, a) })
	more := 0 // rows with as many articles as the last that fits
	for _, c := range counts[:n] {
		if c == counts[n-1] {
			more++
		}
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r ChartRowView) bool {
		if r.Count == counts[n-1] {
			more--
			return more < 0
		}
		return r.Count < counts[n-1]
	})
}

// series draws numbers, each row of bars to its own scale, and tells them in
// words; the last one is this edition's.
func (v viewer) series(numbers []float64, write func(float64) string) SeriesView {
	last := len(numbers) - 1
	top := slices.Max(numbers)
	var out SeriesView
	var past []string
	sum := 0.0
	for i, x := range numbers {
		height := 1
		if x > 0 {
			height = max(3, int(x/top*barHeight+0.5))
		}
		out.Bars = append(out.Bars, BarView{Height: height, Now: i == last})
		if i < last {
			sum += x
			past = append(past, write(x))
		}
	}
	mean := sum / float64(last)
	if mean < 1000 { // articles: one digit after the point says enough
		mean = float64(int(mean*10+0.5)) / 10
	}
	out.Now, out.Mean = write(numbers[last]), v.cat.T("mail.chart.mean", write(mean))
	out.Most = write(slices.Max(numbers[:last]))
	out.Past = strings.Join(past, v.cat.T("mail.chart.join"))
	return out
}

// currency returns the one that most themes of most editions are told in, of
// equals the first by name.
func currency(editions []mailer.Edition) string {
	n := map[string]int{}
	for _, e := range editions {
		for _, s := range e.Sections {
			for unit := range s.Sums {
				n[unit]++
			}
		}
	}
	best := ""
	for unit, k := range n {
		if k > n[best] || k == n[best] && unit < best {
			best = unit
		}
	}
	return best
}

// headline returns the figures on top of an edition.
func (v viewer) headline() []HeadlineView {
	var out []HeadlineView
	for _, it := range headlines(v.e.Sections) {
		item := v.item(it, 0)
		out = append(out, HeadlineView{
			Text:  shorten(it.Stated.Text, figureCols),
			Title: item.Title, URL: item.URL, Language: item.Language, Dir: item.Dir,
		})
	}
	return out
}
