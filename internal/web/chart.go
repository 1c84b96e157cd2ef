package web

import (
	"fmt"
	"net/http"
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

// A chart shows how many articles came in each of the last weeks. Text says
// the same.
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

// chart counts what q selects in the last weeks, which begin on Mondays. It is
// nil when there is nothing to show.
func (s *server) chart(r *http.Request, v *view, q syndicate.Query) (*chart, error) {
	today := v.Today()
	monday := time.Date(today.Year(), today.Month(), today.Day()-(int(today.Weekday())+6)%7, 0, 0, 0, 0, today.Location())
	counts := make([]int, chartWeeks)
	starts := make([]time.Time, chartWeeks)
	most := 0
	for i := range counts {
		starts[i] = monday.AddDate(0, 0, 7*(i-chartWeeks+1))
		week := syndicate.Query{Root: syndicate.And{
			q.Root,
			syndicate.Date{After: true, At: starts[i]},
			syndicate.Date{At: starts[i].AddDate(0, 0, 7)},
		}}
		n, err := s.Articles.Count(r.Context(), week, v.now)
		if err != nil {
			return nil, err
		}
		counts[i] = n
		most = max(most, n)
	}
	if most == 0 {
		return nil, nil
	}
	c := &chart{Title: v.T("web.chart"), Width: chartWeeks*chartStep - (chartStep - chartBar), Height: chartHeight}
	for i, n := range counts {
		height := n * chartHeight / most
		if n > 0 {
			height = max(height, 2)
		}
		c.Bars = append(c.Bars, bar{
			X: i * chartStep, Y: chartHeight - height, Width: chartBar, Height: height,
			Text: fmt.Sprintf("%s %s", v.T("web.chart.week", v.Day(starts[i])), v.total(syndicate.Found{Total: n})),
		})
	}
	return c, nil
}
