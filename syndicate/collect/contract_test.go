package collect_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"broadsheet/syndicate"
)

// steady plays a source that brings ten articles a day, for a week.
func steady(d *desk) {
	d.t.Helper()
	for range 7 {
		d.origin.play(document(rss("", englishItems(d.now, "pubDate"))))
		if r := d.poll(); r.Error != "" || r.New == 0 {
			d.t.Fatalf("a good poll: %+v", r)
		}
		d.now = d.now.Add(day)
	}
}

func englishItems(now time.Time, date string) string {
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, "<item><guid>%s-%d</guid><title>The council meets on the harbour again %d</title><link>https://paper.example/%s/%d</link>"+
			"<description>The people of the town were told about the works.</description><%s>%s</%s></item>",
			now.Format(time.DateOnly), i, now.Unix()+int64(i), now.Format(time.DateOnly), i, date, now.Add(-time.Minute).Format(time.RFC1123Z), date)
	}
	return b.String()
}

func TestASourceThatChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		items func(now time.Time) string
		want  string
	}{
		"empty":     {func(time.Time) string { return "" }, "it has no articles, and never had fewer than 10"},
		"no dates":  {func(now time.Time) string { return englishItems(now, "x") }, "its articles have no dates any more"},
		"no titles": {func(now time.Time) string { return strings.ReplaceAll(englishItems(now, "pubDate"), "title>", "t>") }, "its articles have no titles any more"},
		"no links":  {func(now time.Time) string { return strings.ReplaceAll(englishItems(now, "pubDate"), "link>", "l>") }, "its articles have no links any more"},
		"language":  {chineseItems, `its articles are in "zh", and always were in "en"`},
		"charset":   {cyrillicItems, "its characters fit only windows-1251, which it does not say, and always were utf-8"},
		"other charset, same language": {func(now time.Time) string {
			return strings.ReplaceAll(englishItems(now, "pubDate"), "the people", "the p\xe9ople")
		}, ""},
		"one of ten": {func(now time.Time) string { return item("lone", "A lone article about the harbour", now) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			var log bytes.Buffer
			d.Logger = slog.New(slog.NewTextHandler(&log, nil))
			steady(d)
			stored := len(d.memory.articles)
			d.origin.play(document(rss("", c.items(d.now)), `ETag: "changed"`))
			r := d.poll()
			if c.want == "" {
				if r.Error != "" || r.New == 0 || d.state().Drift != "" {
					t.Errorf("report %+v", r)
				}
				return
			}
			s := d.state()
			if s.Drift != c.want || !s.Changed() || !strings.Contains(r.Error, c.want+"; nothing of it was taken in") {
				t.Errorf("drift %q (%q), want %q", s.Drift, r.Error, c.want)
			}
			if len(d.memory.articles) != stored || s.Articles != 10 || s.Failures != 0 || s.ETag != `"changed"` {
				t.Errorf("%d articles stored, want the %d before; state %+v", len(d.memory.articles), stored, s)
			}
			d.origin.play(status(304))
			if r := d.next(); r.Outcome != syndicate.NotModified || !strings.Contains(r.Error, c.want) {
				t.Errorf("not modified: %+v, want the notice to stay", r)
			}
			if since := d.state().FaultSince; since.IsZero() || !since.Before(d.now) {
				t.Errorf("faulty since %v, want the poll before this one", since)
			}
			if n := strings.Count(log.String(), "source changed"); n != 1 {
				t.Errorf("%d notices, want one:\n%s", n, &log)
			}
			if name == "no dates" {
				d.accept()
				d.origin.play(document(rss("", c.items(d.now))))
				if r := d.poll(); r.Error != "" || r.New != 10 || len(d.state().Shapes) != 1 {
					t.Errorf("accepted: %+v", r)
				}
				return
			}
			d.now = d.state().NextAt
			d.origin.play(document(rss("", englishItems(d.now, "pubDate"))))
			if r := d.poll(); r.Error != "" || r.New != 10 || d.state().Drift != "" {
				t.Errorf("as it was before: %+v", r)
			}
			if s := d.state(); !s.FaultSince.IsZero() {
				t.Errorf("all is well, and faulty since %v", s.FaultSince)
			}
		})
	}
}

func chineseItems(now time.Time) string {
	var b strings.Builder
	for i := range 10 {
		b.WriteString(item(fmt.Sprintf("zh%d-%d", now.Unix(), i), fmt.Sprintf("江城港口建设工程第%d号码头今天开工", i), now))
	}
	return b.String()
}

// cyrillicItems has Russian text in windows-1251 that nothing announces.
func cyrillicItems(now time.Time) string {
	text, err := charmap.Windows1251.NewEncoder().String("Новый причал порта открыт сегодня, на нем работают три крана")
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	for i := range 10 {
		b.WriteString(item(fmt.Sprintf("ru%d-%d", now.Unix(), i), fmt.Sprintf("%s %d", text, i), now))
	}
	return b.String()
}

func TestASelectorThatFindsNothingAnyMore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.src.Kind = syndicate.KindPage
	d.src.Page = syndicate.Selectors{Item: "li", Summary: ".gist"}
	page := func(class string) string {
		var b strings.Builder
		b.WriteString("<!doctype html><html lang=en><ul>")
		for i := range 10 {
			fmt.Fprintf(&b, `<li><a href="/%s/%d">The council meets on the harbour for the %dth time</a><p class=%s>The works go on in the town.</p><i>%s</i></li>`,
				d.now.Format(time.DateOnly), i, 10*d.now.YearDay()+i, class, d.now.Format(time.DateOnly))
		}
		return b.String() + "</ul></html>"
	}
	for range 6 {
		d.origin.play(document(page("gist"), "Content-Type: text/html"))
		if r := d.poll(); r.Error != "" || r.New != 10 {
			t.Fatalf("a good poll: %+v", r)
		}
		d.now = d.now.Add(day)
	}
	d.origin.play(document(page("other"), "Content-Type: text/html"))
	r := d.poll()
	if s := d.state(); s.Drift != "its selector page.summary finds nothing any more" || r.New != 0 {
		t.Errorf("drift %q, report %+v", s.Drift, r)
	}
}

func TestAPageInsteadOfAFeed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	steady(d)
	d.origin.play(document("<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Please sign in.</p></body></html>", "Content-Type: text/html"))
	r := d.poll()
	if s := d.state(); r.Outcome != syndicate.Failed || !s.Changed() || s.Failures != 1 {
		t.Errorf("report %+v, state %+v", r, s)
	}
	kept := d.memory.answers[len(d.memory.answers)-1]
	if !strings.Contains(string(kept.Body), "sign in") || kept.Fault == "" || kept.Header["Content-Type"][0] != "text/html" {
		t.Errorf("kept answer %+v", kept)
	}
	d.origin.play(status(500))
	if d.next(); d.state().Drift == "" {
		t.Error("an error of the server tells that nothing has changed")
	}
	again := d.memory.answers[len(d.memory.answers)-2] // the last good one, byte for byte
	d.origin.play(document(string(again.Body)))
	if r := d.next(); r.Error != "" || r.Outcome != syndicate.NotModified || d.state().Drift != "" {
		t.Errorf("as it was before: %+v", r)
	}
}

func TestNothingIsExpectedOfANewSource(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 4 {
		d.origin.play(document(rss("", englishItems(d.now, "pubDate"), item(fmt.Sprint(i), "x", d.now))))
		d.poll()
		d.now = d.now.Add(day)
	}
	d.origin.play(document(rss("")))
	if r := d.poll(); r.Error != "" {
		t.Errorf("report %+v", r)
	}
}

func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := rss("", item("1", "one", d.now), item("2", "two", d.now))
	d.origin.play(document(body, "Content-Type: text/xml"))
	d.poll()
	d.next() // the same again is not kept twice
	d.origin.play(status(500))
	d.next()
	if len(d.memory.answers) != 1 {
		t.Fatalf("%d answers kept, want one", len(d.memory.answers))
	}
	a := d.memory.answers[0]
	if string(a.Body) != body || a.Articles != 2 || a.New != 2 || a.Status != 200 || a.URL != d.src.URL || a.Fault != "" {
		t.Errorf("kept %+v", a)
	}
}
