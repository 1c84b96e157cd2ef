package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var pastTests = map[string]func(*testing.T, *store.Store){
	"articles are recalled by their alternate id":  recallAlternates,
	"the latest articles":                          latest,
	"what was forgotten does not come back":        forget,
	"what was kept long enough does not come back": expire,
	"readers are told what was withdrawn":          withdrawn,
	"what is held is released":                     release,
	"an undated article keeps its first date":      undated,
	"the last five answers are kept":               answers,
	"a setting is made once":                       settingOnce,
}

// trace is what the store should remember of a.
func trace(a syndicate.Article) syndicate.Trace {
	return syndicate.Trace{
		Key: a.Key, Alternate: a.Alternate, Hash: a.Hash, Title: a.Title, URL: a.URL,
		Published: a.Published, Inferred: a.Inferred, Changed: a.Changed,
	}
}

func recallAlternates(t *testing.T, s *store.Store) {
	a, b, other := article("a", 1), article("a", 2), article("b", 1)
	a.Alternate, a.URL, other.Alternate = -1<<62, "https://a.example/1", -1<<62
	record(t, s, a, b)
	record(t, s, other)
	got, err := s.Recall(t.Context(), "a", []string{a.Key, "unknown"}, []int64{a.Alternate, 5})
	must(t, err)
	equal(t, "recalled", got, []syndicate.Trace{trace(a)})
	got, err = s.Recall(t.Context(), "a", nil, []int64{0})
	must(t, err)
	equal(t, "of no alternate id", got, []syndicate.Trace{})

	a.Alternate, a.Hash = 99, "other"
	record(t, s, a)
	var many []int64
	for i := range 1200 {
		many = append(many, int64(i))
	}
	got, err = s.Recall(t.Context(), "a", nil, many)
	must(t, err)
	equal(t, "recalled among many", got, []syndicate.Trace{trace(a)})
}

func latest(t *testing.T, s *store.Store) {
	record(t, s, article("a", 1), article("a", 3), article("a", 2))
	record(t, s, article("b", 4))
	got, err := s.Latest(t.Context(), "a", 2)
	must(t, err)
	equal(t, "latest", got, []syndicate.Trace{trace(article("a", 3)), trace(article("a", 2))})
}

func forget(t *testing.T, s *store.Store) {
	a, b := fullArticle(), article("a", 2)
	a.Alternate = 7
	record(t, s, a, b)
	n, err := s.Forget(t.Context(), []string{a.Key, "unknown"}, noon)
	must(t, err)
	if n != 1 {
		t.Errorf("%d forgotten, want 1", n)
	}
	_, err = s.Article(t.Context(), a.Key)
	wantError(t, "Article", err, syndicate.ErrNotFound)
	equal(t, "what is left", titles(t, s, ""), []string{b.Title})
	for _, q := range []string{"码头", "theme:industry", "amount:>1"} {
		equal(t, "found by "+q, titles(t, s, q), []string(nil))
	}
	want := []syndicate.Trace{{Key: a.Key, Alternate: 7, Published: time.UnixMilli(0).UTC(), Aside: syndicate.Deleted}}
	got, err := s.Recall(t.Context(), "a", []string{a.Key}, nil)
	must(t, err)
	equal(t, "recalled by key", got, want)
	got, err = s.Recall(t.Context(), "a", nil, []int64{7})
	must(t, err)
	equal(t, "recalled by alternate id", got, want)
	n, err = s.Forget(t.Context(), []string{a.Key}, noon)
	must(t, err)
	if n != 0 {
		t.Errorf("%d forgotten again, want 0", n)
	}
}

func expire(t *testing.T, s *store.Store) {
	var all []syndicate.Article
	for n := range 5 {
		a := article("a", n+1)
		a.FirstSeen = noon.Add(time.Duration(n-5) * 24 * time.Hour)
		a.Alternate = int64(n + 1)
		all = append(all, a)
	}
	record(t, s, all...)
	for i, want := range []int{2, 1, 0} { // three are older than two days, at most two go at once
		n, err := s.Expire(t.Context(), noon.Add(-48*time.Hour), noon, 2)
		must(t, err)
		if n != want {
			t.Errorf("time %d: %d deleted, want %d", i+1, n, want)
		}
	}
	equal(t, "what is left", titles(t, s, ""), []string{all[4].Title, all[3].Title})
	got, err := s.Recall(t.Context(), "a", []string{all[0].Key, all[4].Key}, nil)
	must(t, err)
	equal(t, "recalled", got, []syndicate.Trace{{Key: all[0].Key, Alternate: 1, Published: time.UnixMilli(0).UTC(), Aside: syndicate.Expired}})
}

func withdrawn(t *testing.T, s *store.Store) {
	a, b, old := article("a", 1), article("a", 2), article("b", 1)
	a.Language, a.Filings = "zh-Hans", []syndicate.Filing{filing("industry"), filing("finance")}
	old.FirstSeen = noon.Add(-time.Hour)
	record(t, s, a, b)
	record(t, s, old)
	got, err := s.Withdrawn(t.Context(), 10)
	must(t, err)
	equal(t, "before anything was withdrawn", got, []syndicate.Withdrawal{})
	for i, keys := range [][]string{{a.Key, "unknown"}, {b.Key}, {b.Key}} {
		_, err = s.Forget(t.Context(), keys, noon.Add(time.Duration(i)*time.Minute))
		must(t, err)
	}
	n, err := s.Expire(t.Context(), noon, noon, 10)
	must(t, err)
	must(t, s.SetAside(t.Context(), "b", syndicate.Held, []syndicate.Article{article("b", 2)}, noon))
	want := []syndicate.Withdrawal{
		{ID: b.ID, Source: "a", Language: "en", At: noon.Add(time.Minute)},
		{ID: a.ID, Source: "a", Language: "zh-hans", Themes: []string{"industry", "finance"}, At: noon},
	}
	got, err = s.Withdrawn(t.Context(), 10)
	must(t, err)
	equal(t, fmt.Sprintf("withdrawn, and %d expired", n), got, want)
	got, err = s.Withdrawn(t.Context(), 1)
	must(t, err)
	equal(t, "the last one", got, want[:1])
}

func release(t *testing.T, s *store.Store) {
	gone, held := article("a", 1), article("a", 2)
	record(t, s, gone)
	_, err := s.Forget(t.Context(), []string{gone.Key}, noon)
	must(t, err)
	for range 2 {
		must(t, s.SetAside(t.Context(), "a", syndicate.Held, []syndicate.Article{held, gone}, noon))
	}
	got, err := s.Recall(t.Context(), "a", []string{held.Key}, nil)
	must(t, err)
	if len(got) != 1 || got[0].Aside != syndicate.Held {
		t.Errorf("held: %+v", got)
	}
	p := poll("a")
	p.Drift, p.Held, p.ETag, p.LastModified, p.Date, p.BodyHash = "no dates", 3, "e", "l", "d", "h"
	p.Error, p.FaultSince, p.Shapes = "no dates", noon, []syndicate.Shape{{Articles: 4}}
	_, _, err = s.Record(t.Context(), p, fingerprint, nil)
	must(t, err)

	must(t, s.Accept(t.Context(), "a", noon))
	after, err := s.Poll(t.Context(), "a")
	must(t, err)
	p.Drift, p.Held, p.ETag, p.LastModified, p.Date, p.BodyHash, p.Error, p.Shapes, p.FaultSince = "", 0, "", "", "", "", "", nil, time.Time{}
	p.Accepted, p.NextAt, p.NextReason = true, noon, "accepted by the operator"
	equal(t, "poll", after, p)
	got, err = s.Recall(t.Context(), "a", []string{held.Key, gone.Key}, nil)
	must(t, err)
	if len(got) != 1 || got[0].Key != gone.Key || got[0].Aside != syndicate.Deleted {
		t.Errorf("still set aside: %+v, want what was deleted alone", got)
	}
	wantError(t, "Accept", s.Accept(t.Context(), "nobody", noon), syndicate.ErrNotFound)

	p.BusyUntil, p.NextAt, p.NextReason = noon.Add(time.Hour), noon.Add(2*time.Hour), "Retry-After"
	_, _, err = s.Record(t.Context(), p, fingerprint, nil)
	must(t, err)
	must(t, s.Accept(t.Context(), "a", noon))
	after, err = s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "poll of a source that wants to be left alone", after, p)
}

func undated(t *testing.T, s *store.Store) {
	guessed, dated, redated := article("a", 1), article("a", 2), article("a", 3)
	guessed.Inferred, dated.PublishedRaw, redated.Inferred = true, "Monday", true
	guessed.Filings = []syndicate.Filing{filing("finance")}
	record(t, s, guessed, dated, redated)
	later := noon.Add(24 * time.Hour)
	change := func(a syndicate.Article, published time.Time, inferred bool) syndicate.Article {
		a.Hash, a.Published, a.Inferred, a.PublishedRaw = a.Hash+"b", published, inferred, ""
		return a
	}
	record(t, s, change(guessed, later, true), change(dated, time.Time{}, false), change(redated, later, false))
	for _, want := range []struct {
		key       string
		published time.Time
		inferred  bool
		raw       string
	}{
		{guessed.Key, guessed.Published, true, ""},
		{dated.Key, dated.Published, false, "Monday"},
		{redated.Key, later, false, ""},
	} {
		got, err := s.Article(t.Context(), want.key)
		must(t, err)
		if !got.Published.Equal(want.published) || got.Inferred != want.inferred || got.PublishedRaw != want.raw {
			t.Errorf("%s: published %v (%q, inferred %v), want %+v", got.Title, got.Published, got.PublishedRaw, got.Inferred, want)
		}
	}
}

func answers(t *testing.T, s *store.Store) {
	body := strings.Repeat("<item>港口 port</item>\xff\x00", 500)
	for i := range 8 {
		for _, name := range []string{"a", "b"} {
			p := poll(name)
			if i != 6 { // a poll that brings nothing leaves them alone
				p.Answer = &syndicate.Answer{
					Source: name, At: noon.Add(time.Duration(i) * time.Hour), Status: 200, URL: "https://a.example/",
					Header: map[string][]string{"Content-Type": {"text/xml"}}, Body: fmt.Append(nil, i, body),
					Articles: i, New: 1, Fault: "fault",
				}
			}
			_, _, err := s.Record(t.Context(), p, fingerprint, nil)
			must(t, err)
		}
	}
	got, err := s.Answers(t.Context(), "a")
	must(t, err)
	var kept []int
	for _, a := range got {
		kept = append(kept, a.Articles)
	}
	equal(t, "kept", kept, []int{7, 5, 4, 3, 2})
	equal(t, "the last one", got[0], syndicate.Answer{
		Source: "a", At: noon.Add(7 * time.Hour), Status: 200, URL: "https://a.example/",
		Header: map[string][]string{"Content-Type": {"text/xml"}}, Body: fmt.Append(nil, 7, body),
		Articles: 7, New: 1, Fault: "fault",
	})
	got, err = s.Answers(t.Context(), "nobody")
	must(t, err)
	equal(t, "of nobody", got, []syndicate.Answer{})
}

func settingOnce(t *testing.T, s *store.Store) {
	values := make([]string, 8)
	var all sync.WaitGroup
	for i := range values {
		all.Go(func() {
			v, err := s.Setting(t.Context(), "key", func() string { return fmt.Sprint("value ", i) })
			if err != nil {
				t.Error(err)
			}
			values[i] = v
		})
	}
	all.Wait()
	for _, v := range values {
		if v != values[0] || v == "" {
			t.Errorf("values %q, want one for all", values)
		}
	}
}
