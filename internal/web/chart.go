package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"broadsheet/syndicate"
)

// chartWeeks is how many weeks a chart shows, the running one included.
const chartWeeks = 12

// The measures of a chart in units of its drawing.
const (
	chartStep   = 20
	chartBar    = 14
	chartHeight = 48
)

// A chart shows what came in each of the last weeks. Text says the same.
type chart struct {
	Title         string
	Width, Height int
	Bars          []bar
}

// A bar is a week of a chart.
type bar struct {
	X, Y, Width, Height int
	Text                string
}

// charts shows how many articles a theme had in the last weeks, which begin on
// Mondays, and the amounts that were stated in the currency that most of these
// weeks have. What there was nothing of has no chart.
func (s *server) charts(r *http.Request, v *view, theme string) ([]chart, error) {
	today := v.Today()
	monday := time.Date(today.Year(), today.Month(), today.Day()-(int(today.Weekday())+6)%7, 0, 0, 0, 0, today.Location())
	starts := make([]time.Time, chartWeeks+1)
	for i := range starts {
		starts[i] = monday.AddDate(0, 0, 7*(i-chartWeeks+1))
	}
	weeks, err := s.weeks.of(r.Context(), s.Articles, theme, starts)
	if err != nil {
		return nil, err
	}
	unit := commonUnit(weeks)
	articles := newChart(v, v.T("web.chart"), starts, func(i int) (float64, string) {
		return float64(weeks[i].Articles), v.total(syndicate.Found{Total: weeks[i].Articles})
	})
	amounts := newChart(v, v.T("web.chart.amounts"), starts, func(i int) (float64, string) {
		return weeks[i].Amounts[unit], v.text.Amount(weeks[i].Amounts[unit], unit)
	})
	return slices.DeleteFunc([]chart{articles, amounts}, func(c chart) bool { return len(c.Bars) == 0 }), nil
}

// newChart draws the weeks between starts by what value says of each, and has
// no bars when that is nothing.
func newChart(v *view, title string, starts []time.Time, value func(week int) (float64, string)) chart {
	c := chart{Title: title, Width: chartWeeks*chartStep - (chartStep - chartBar), Height: chartHeight}
	most := 0.0
	for i := range chartWeeks {
		x, _ := value(i)
		most = max(most, x)
	}
	if most == 0 {
		return c
	}
	for i := range chartWeeks {
		x, text := value(i)
		height := int(x / most * chartHeight)
		if x > 0 {
			height = max(height, 2)
		}
		c.Bars = append(c.Bars, bar{
			X: i * chartStep, Y: chartHeight - height, Width: chartBar, Height: height,
			Text: v.T("web.chart.week", v.Day(starts[i]), text),
		})
	}
	return c
}

// commonUnit returns the currency that most weeks have amounts in, of several
// the first by name, and "" when there are none.
func commonUnit(weeks []syndicate.Week) string {
	in := map[string]int{}
	for _, w := range weeks {
		for unit := range w.Amounts {
			in[unit]++
		}
	}
	best := ""
	for _, unit := range slices.Sorted(maps.Keys(in)) {
		if in[unit] > in[best] {
			best = unit
		}
	}
	return best
}

// How long what was added up of a week is shown at least, and how many times
// as long as adding up took: amounts of many articles take a moment, and the
// past changes only when articles are filed anew.
const (
	pastWeekFor    = time.Hour
	runningWeekFor = time.Minute
	weekForTimes   = 100
)

// A weekCache remembers what themes had in the weeks of charts. Who asks while
// a week is added up waits for that, but for one week that is over at most: the
// others are shown as they were, until it is their turn.
type weekCache struct {
	now   func() time.Time
	mu    sync.Mutex
	known map[weekKey]knownWeek
}

type weekKey struct {
	theme string
	start int64 // Unix seconds
}

type knownWeek struct {
	syndicate.Week
	until time.Time
	over  bool // the week was over when it was added up
}

// of returns what a theme had in the weeks between starts.
func (c *weekCache) of(ctx context.Context, articles Articles, theme string, starts []time.Time) ([]syndicate.Week, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	maps.DeleteFunc(c.known, func(k weekKey, _ knownWeek) bool { return k.start < starts[0].Unix() })
	weeks := make([]syndicate.Week, len(starts)-1)
	turn := weekKey{}
	for i := range weeks {
		key := weekKey{theme, starts[i].Unix()}
		if k, ok := c.known[key]; ok && k.over && !now.Before(k.until) && (turn == weekKey{} || k.until.Before(c.known[turn].until)) {
			turn = key
		}
	}
	for i := range weeks {
		key := weekKey{theme, starts[i].Unix()}
		known, ok := c.known[key]
		if !ok || !now.Before(known.until) && (!known.over || key == turn) {
			began := c.now()
			w, err := articles.Week(ctx, theme, starts[i], starts[i+1])
			if err != nil {
				return nil, err
			}
			least, over := pastWeekFor, !now.Before(starts[i+1])
			if !over {
				least = runningWeekFor
			}
			known = knownWeek{w, now.Add(max(least, weekForTimes*c.now().Sub(began))), over}
			c.known[key] = known
		}
		weeks[i] = known.Week
	}
	return weeks, nil
}
