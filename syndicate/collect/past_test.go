package collect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

func (m *memory) trace(a syndicate.Article) syndicate.Trace {
	return syndicate.Trace{
		Key: a.Key, Alternate: a.Alternate, Hash: a.Hash, Title: a.Title, URL: a.URL,
		Published: a.Published, Inferred: a.Inferred, Changed: a.Changed,
	}
}

// Recall implements collect.History.
func (m *memory) Recall(_ context.Context, source string, keys []string, alternates []int64) ([]syndicate.Trace, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var traces []syndicate.Trace
	for _, a := range m.articles {
		if a.Source == source && a.Alternate != 0 && slices.Contains(alternates, a.Alternate) {
			traces = append(traces, m.trace(a))
		}
	}
	for _, t := range m.aside {
		if slices.Contains(keys, t.Key) || t.Alternate != 0 && slices.Contains(alternates, t.Alternate) {
			traces = append(traces, t)
		}
	}
	return traces, m.fails("Recall")
}

// Latest implements collect.History.
func (m *memory) Latest(_ context.Context, source string, n int) ([]syndicate.Trace, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var as []syndicate.Article
	for _, a := range m.articles {
		if a.Source == source {
			as = append(as, a)
		}
	}
	slices.SortFunc(as, func(a, b syndicate.Article) int { return b.FirstSeen.Compare(a.FirstSeen) })
	var traces []syndicate.Trace
	for _, a := range as[:min(n, len(as))] {
		traces = append(traces, m.trace(a))
	}
	return traces, m.fails("Latest")
}

// SetAside implements collect.History.
func (m *memory) SetAside(_ context.Context, _, why string, as []syndicate.Article, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range as {
		m.aside[a.Key] = syndicate.Trace{Key: a.Key, Alternate: a.Alternate, Aside: why}
	}
	return m.fails("SetAside")
}

// accept does what the store does when the operator accepts what a source has
// become.
func (d *desk) accept() {
	for k, t := range d.memory.aside {
		if t.Aside == syndicate.Held {
			delete(d.memory.aside, k)
		}
	}
	p := d.state()
	p.Accepted, p.Drift, p.Held, p.Shapes, p.BodyHash, p.Error, p.NextAt = true, "", 0, nil, "", "", d.now
	d.memory.polls["paper"] = p
}

// linked writes an item whose guid is its address.
func linked(address, title, text string, published time.Time) string {
	return fmt.Sprintf(`<item><guid>%s</guid><title>%s</title><link>%s</link><description>%s</description><pubDate>%s</pubDate></item>`,
		address, title, address, text, published.UTC().Format(time.RFC1123Z))
}

func (d *desk) only() syndicate.Article {
	d.t.Helper()
	if len(d.memory.articles) != 1 {
		d.t.Fatalf("%d articles, want one: %q", len(d.memory.articles), d.memory.titles())
	}
	for _, a := range d.memory.articles {
		return a
	}
	return syndicate.Article{}
}

func TestAMoveRepeatsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	published := d.now.Add(-time.Hour)
	play := func(address, text string) collect.Report {
		d.t.Helper()
		d.origin.play(document(rss("", linked(address, "Port opens", text, published))))
		d.now = d.now.Add(day)
		return d.poll()
	}
	play("http://a.example/1", "Old.")
	first := d.only()

	for i, address := range []string{"https://a.example/1", "https://b.example/1"} {
		if r := play(address, "Old."); r.New != 0 || r.Changed != 1 {
			t.Errorf("%s: report %+v, want the address changed", address, r)
		}
		got := d.only()
		if got.Key != first.Key || got.ID != first.ID || !got.FirstSeen.Equal(first.FirstSeen) || got.URL != address {
			t.Errorf("move %d: %+v, want the article it was", i, got)
		}
		if !got.Changed.Equal(first.Changed) {
			t.Errorf("%s: a move is taken for a correction", address)
		}
	}
	if r := play("https://b.example/1", "New."); r.New != 0 || r.Changed != 1 || !d.only().Changed.Equal(d.now) {
		t.Errorf("a correction after the move: %+v, %+v", r, d.only())
	}

	t.Run("of the source by its operator", func(t *testing.T) {
		d.src.URL += "?new"
		if r := play("http://c.example/1", "New."); r.New != 0 {
			t.Errorf("report %+v", r)
		}
		d.only()
	})
	t.Run("but two hosts have two articles", func(t *testing.T) {
		d.origin.play(document(rss("",
			linked("https://c.example/1", "Port opens", "New.", published), linked("https://d.example/1", "Port opens", "New.", published))))
		if r := d.next(); r.New != 2 {
			t.Errorf("report %+v, want both, since nobody can tell which of them is the known one", r)
		}
	})
}

func TestWhatWasDeletedDoesNotComeBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	published := d.now.Add(-time.Hour)
	d.origin.play(document(rss("", linked("http://a.example/1", "Port opens", "", published))))
	d.poll()
	a := d.only()
	delete(d.memory.articles, a.Key)
	d.memory.aside[a.Key] = syndicate.Trace{Key: a.Key, Alternate: a.Alternate, Aside: syndicate.Deleted}
	for _, address := range []string{"http://a.example/1", "https://a.example/1"} {
		d.origin.play(document(rss("<ttl>1</ttl>", linked(address, "Port opens", "", published), linked("http://a.example/2", "News", "", d.now))))
		if r := d.next(); r.Error != "" {
			t.Errorf("report %+v", r)
		}
		if got := d.memory.titles(); !slices.Equal(got, []string{"News"}) {
			t.Errorf("%s: articles %q", address, got)
		}
	}
}

// items writes n items of the same texts, numbered from first on; each id
// begins with prefix, and each was published an hour before the next.
func items(prefix string, first, n int, newest time.Time) string {
	var b strings.Builder
	for i := first; i < first+n; i++ {
		b.WriteString(item(fmt.Sprint(prefix, i), fmt.Sprintf("Title %d", i), newest.Add(time.Duration(i-first-n+1)*time.Hour)))
	}
	return b.String()
}

func TestAFloodIsHeld(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		document  string
		held, new int
	}{
		"new ids for everything":             {items("new-", 1, 20, base), 20, 0},
		"new ids, and two that are news":     {items("new-", 1, 20, base) + items("n", 100, 2, base.Add(2*time.Hour)), 20, 2},
		"new ids and new dates":              {items("new-", 1, 20, base.Add(30*24*time.Hour)), 20, 0},
		"the archive":                        {items("a", 300, 30, base.Add(-90*24*time.Hour)), 30, 0},
		"news alone, after a long silence":   {items("n", 100, 20, base.Add(30*24*time.Hour)), 0, 20},
		"half of it known":                   {items("g", 11, 10, base) + items("a", 300, 10, base.Add(-90*24*time.Hour)), 0, 10},
		"too few to tell":                    {items("new-", 1, 4, base.Add(-50*time.Hour)), 0, 4},
		"other articles, all without a date": {undatedItems("u", 500, 20), 0, 20},
		"the same articles, without a date":  {undatedItems("u", 1, 20), 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.origin.play(document(rss("", items("g", 1, 20, base))))
			d.poll()
			d.now = d.now.Add(60 * 24 * time.Hour)
			d.origin.play(document(rss("", c.document)))
			r := d.poll()
			if d.state().Held != c.held || r.New != c.new || len(d.memory.articles) != 20+c.new {
				t.Fatalf("held %d, new %d (%d stored), want %d and %d; %s", d.state().Held, r.New, len(d.memory.articles), c.held, c.new, r.Error)
			}
			if (r.Error != "") != (c.held > 0) || c.held > 0 && !strings.Contains(r.Error, "broadsheet sources accept paper") {
				t.Errorf("error %q", r.Error)
			}
			if c.held == 0 {
				return
			}
			// It stays held when the document grows, until the operator accepts.
			d.origin.play(document(rss("", c.document, items("later", 700, 5, d.now))))
			r = d.next()
			if r.New != 5 || d.state().Held != c.held || r.Error == "" {
				t.Errorf("with news: held %d, report %+v", d.state().Held, r)
			}
			d.accept()
			if r := d.poll(); r.New != c.held || r.Error != "" || d.state().Held != 0 || d.state().Accepted {
				t.Errorf("accepted: %+v, state %+v", r, d.state())
			}
		})
	}
}

func undatedItems(prefix string, first, n int) string {
	var b strings.Builder
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "<item><guid>%s%d</guid><title>Title %d</title><description>Text %d</description></item>", prefix, i, i, i)
	}
	return b.String()
}

func TestWhatAMatchLeavesOutIsNoFlood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	q, err := syndicate.ParseQuery("title:port", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	d.src.Match = &q
	for i := range 5 {
		var b strings.Builder
		for j := range 4 {
			b.WriteString(item(fmt.Sprint("p", i, j), fmt.Sprint("Port ", i, j), d.now))
		}
		d.origin.play(document(rss("", b.String(), items("x", i, 20, d.now.Add(-time.Hour)))))
		if r := d.next(); r.Error != "" || r.New != 4 || r.Left != 20 {
			t.Fatalf("poll %d: %+v", i, r)
		}
		d.now = d.state().NextAt
	}
}
