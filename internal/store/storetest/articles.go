package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var articleTests = map[string]func(*testing.T, *store.Store){
	"an article comes back as it was stored": articleRoundTrip,
	"recording twice changes nothing":        recordTwice,
	"a changed article keeps its id":         changedArticle,
	"one key twice in a document":            keyTwice,
	"many articles at once":                  manyAtOnce,
	"nothing of a failed recording stays":    failedRecording,
	"texts that no database likes":           oddTexts,
	"newest first, in pages":                 newestFirst,
	"times of a source":                      recentTimes,
	"filing anew":                            reclassify,
	"an unknown article":                     unknownArticle,
	"articles without times":                 withoutTimes,
	"the numbers of things":                  numbers,
}

func fullArticle() syndicate.Article {
	a := article("a", 1)
	a.GUID, a.URL, a.Summary = "urn:x:1", "https://a.example/1", "长江新建码头"
	a.Content, a.Text = "<p>长江新建码头。</p>", "长江新建码头。\n第二段。"
	a.Title = "武汉新港开工"
	a.Sections = []syndicate.Section{{Head: "一、背景", Text: "段落"}, {Head: "二、", Text: ""}}
	a.Authors, a.Categories = []string{"李娜", "Ann Other"}, []string{"港口", "a, b"}
	a.Language = "zh-Hans"
	a.Enclosures = []syndicate.Enclosure{{URL: "https://a.example/1.mp3", Type: "audio/mpeg", Length: 1 << 33}}
	a.PublishedRaw, a.Updated = "Mon, 23 Nov 2026", noon.Add(-time.Second)
	a.Filings = []syndicate.Filing{
		{Theme: "infrastructure", Score: 3.25, Threshold: 1, Hits: []syndicate.Hit{{Term: "码头", Weight: 1.5, Count: 3, Where: []string{"title", "lead"}, Score: 3}}},
		{Theme: "industry", Score: 1, Threshold: 1, Source: true},
	}
	a.NearMisses = []syndicate.Filing{{Theme: "finance", Score: 0.5, Threshold: 1}}
	a.Figures = []syndicate.Figure{{Text: "超1.2亿元", Value: 1.2, Unit: "亿元", Normalised: 1.2e8, BaseUnit: "元", Bound: ">", Direction: "up", Sentence: "投资超1.2亿元。"}}
	a.Places, a.Organisations, a.Gist = []string{"武汉", "长江"}, []string{"新港公司"}, "新建码头。"
	a.Within = []string{"武汉市", "Wuhan", "湖北省"}
	return a
}

func articleRoundTrip(t *testing.T, s *store.Store) {
	want := fullArticle()
	bare := syndicate.Article{Key: "k", Source: "a", Hash: "h", FirstSeen: noon, Published: noon}
	if added, changed := record(t, s, want, bare); added != 2 || changed != 0 {
		t.Errorf("Record: %d added, %d changed", added, changed)
	}
	for _, want := range []syndicate.Article{want, bare} {
		got, err := s.Article(t.Context(), want.Key)
		must(t, err)
		equal(t, "article", got, want)
	}
}

func recordTwice(t *testing.T, s *store.Store) {
	a := fullArticle()
	record(t, s, a)
	again := a
	again.FirstSeen, again.ID, again.Changed = noon.Add(time.Hour), "tag:other", noon.Add(time.Hour)
	again.Title = "not looked at, since the hash is the same"
	if added, changed := record(t, s, again); added != 0 || changed != 0 {
		t.Errorf("the same again: %d added, %d changed", added, changed)
	}
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "article", got, a)
	known, err := s.Known(t.Context(), "a", []string{a.Key, "none"})
	must(t, err)
	equal(t, "known", known, map[string]string{a.Key: a.Hash})
	known, err = s.Known(t.Context(), "b", []string{a.Key})
	must(t, err)
	equal(t, "known of another source", known, map[string]string{})
}

func changedArticle(t *testing.T, s *store.Store) {
	a := fullArticle()
	record(t, s, a, article("a", 2))
	b := a
	b.FirstSeen, b.ID, b.Changed, b.Hash = noon.Add(time.Hour), "tag:other", noon.Add(time.Hour), "other"
	b.Title, b.Text, b.Summary, b.Places, b.Within = "Bridge opens", "Ships pass below.", "", []string{"Yichang"}, []string{"宜昌市"}
	b.Filings, b.Figures = []syndicate.Filing{filing("finance")}, nil
	if added, changed := record(t, s, article("a", 2), b); added != 0 || changed != 1 {
		t.Errorf("changed: %d added, %d changed", added, changed)
	}
	want := b
	want.FirstSeen, want.ID = a.FirstSeen, a.ID
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "article", got, want)
	for query, found := range map[string]bool{
		"ships": true, "title:bridge": true, "theme:finance": true, "place:yichang": true,
		"码头": false, "theme:industry": false, "place:武汉": false, "amount:>1": false,
	} {
		if got := len(titles(t, s, query)) == 1; got != found {
			t.Errorf("%s finds it: %v, want %v", query, got, found)
		}
	}
}

func keyTwice(t *testing.T, s *store.Store) {
	first, second := article("a", 1), article("a", 1)
	second.Title, second.Hash = "second", "other"
	if added, changed := record(t, s, first, second); added != 1 || changed != 0 {
		t.Errorf("%d added, %d changed; want 1, 0", added, changed)
	}
	got, err := s.Article(t.Context(), first.Key)
	must(t, err)
	equal(t, "article", got, first)
}

func manyAtOnce(t *testing.T, s *store.Store) {
	const n = 1203
	var all []syndicate.Article
	var keys []string
	for i := range n {
		a := article("a", i)
		a.Filings = []syndicate.Filing{filing("finance"), filing("industry")}
		a.Figures = []syndicate.Figure{{Normalised: float64(i), BaseUnit: "t", Bound: "="}}
		all, keys = append(all, a), append(keys, a.Key)
	}
	if added, _ := record(t, s, all...); added != n {
		t.Errorf("%d added, want %d", added, n)
	}
	known, err := s.Known(t.Context(), "a", keys)
	must(t, err)
	if len(known) != n {
		t.Errorf("%d known, want %d", len(known), n)
	}
	for i := range all {
		all[i].Hash += "x"
	}
	if added, changed := record(t, s, all...); added != 0 || changed != n {
		t.Errorf("%d added, %d changed; want 0, %d", added, changed, n)
	}
	for query, want := range map[string]int{"": n, "text": n, "number 77": 1, "theme:industry": n, "amount:>=1200t": 3} {
		q, err := syndicate.ParseQuery(query, nil)
		must(t, err)
		got, err := s.Count(t.Context(), q, noon)
		must(t, err)
		if got != want {
			t.Errorf("Count(%q) = %d, want %d", query, got, want)
		}
	}
}

func failedRecording(t *testing.T, s *store.Store) {
	p := poll("a")
	strange := article("b", 1)
	if _, _, err := s.Record(t.Context(), p, fingerprint, []syndicate.Article{article("a", 1), strange}); err == nil {
		t.Error("an article of another source was recorded")
	}
	keyless := article("a", 2)
	keyless.Key = ""
	if _, _, err := s.Record(t.Context(), p, fingerprint, []syndicate.Article{article("a", 1), keyless}); err == nil {
		t.Error("an article without a key was recorded")
	}
	_, err := s.Poll(t.Context(), "a")
	wantError(t, "the poll", err, syndicate.ErrNotFound)
	equal(t, "articles", titles(t, s, ""), []string{})
}

func oddTexts(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.Title, a.Text, a.Summary = "NUL \x00 and \xff", "bad \xc3\x28 bytes", "'; DROP TABLE articles; --"
	a.Authors = []string{"x\x00y", "\xff"}
	a.Gist, a.GUID = "\x00", "\xfe"
	a.Figures = []syndicate.Figure{{Normalised: math.Inf(1)}, {Value: math.NaN()}, {Value: 1, Normalised: 1, Bound: "="}}
	record(t, s, a)
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	want := a
	want.Title, want.Text = "NUL  and \uFFFD", "bad \uFFFD( bytes"
	want.Authors, want.GUID = []string{"x\x00y", "\uFFFD"}, "\uFFFD"
	want.Figures = a.Figures[2:]
	equal(t, "article", got, want)
	for _, query := range []string{"drop table", `"drop table articles"`, "bytes", "author:y"} {
		if got := titles(t, s, query); len(got) != 1 {
			t.Errorf("%q finds %q", query, got)
		}
	}
	_, err = s.Article(t.Context(), "\x00\xff")
	wantError(t, "a strange key", err, syndicate.ErrNotFound)
}

func newestFirst(t *testing.T, s *store.Store) {
	var as []syndicate.Article
	add := func(title, key string, seen, published time.Duration, themes ...string) {
		a := article("a", 0)
		a.Title, a.Key, a.FirstSeen, a.Published = title, key, noon.Add(seen), noon.Add(published)
		for _, theme := range themes {
			a.Filings = append(a.Filings, filing(theme))
		}
		as = append(as, a)
	}
	add("seen first, published last", "1", 1*time.Hour, 9*time.Hour, "t")
	add("seen last", "2", 3*time.Hour, 0, "t", "u")
	add("same times, first in the document", "b", 2*time.Hour, 1*time.Hour, "t")
	add("same times, second", "a", 2*time.Hour, 1*time.Hour, "t")
	add("published later", "3", 2*time.Hour, 2*time.Hour, "u", "t")
	record(t, s, as...)
	want := []string{"seen last", "published later", "same times, first in the document", "same times, second", "seen first, published last"}
	for _, query := range []string{"", "theme:t", "source:a", "theme:t NOT theme:x", "text"} {
		equal(t, "order of "+query, titles(t, s, query), want)
		q, err := syndicate.ParseQuery(query, nil)
		must(t, err)
		var paged []string
		for offset := 0; ; offset += 2 {
			page, err := s.Articles(t.Context(), q, noon, 2, offset)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, a := range page {
				paged = append(paged, a.Title)
			}
		}
		equal(t, "pages of "+query, paged, want)
	}
	equal(t, "both themes", titles(t, s, "theme:u theme:t"), want[:2])
	q := syndicate.Query{}
	for _, limit := range []int{0, -1} {
		none, err := s.Articles(t.Context(), q, noon, limit, -5)
		must(t, err)
		equal(t, "no room", none, []syndicate.Article{})
	}
}

func recentTimes(t *testing.T, s *store.Store) {
	var as []syndicate.Article
	for i := range 5 {
		a := article("a", i)
		a.Published = noon.Add(-time.Duration(i) * time.Hour)
		as = append(as, a)
	}
	record(t, s, as...)
	got, err := s.RecentTimes(t.Context(), "a", 3)
	must(t, err)
	equal(t, "times", got, []time.Time{noon, noon.Add(-time.Hour), noon.Add(-2 * time.Hour)})
}

func reclassify(t *testing.T, s *store.Store) {
	a, b := fullArticle(), article("a", 2)
	record(t, s, a, b)
	fine, err := s.Misfiled(t.Context(), fingerprint, 10)
	must(t, err)
	equal(t, "misfiled by the same themes", fine, []syndicate.Article{})
	stale, err := s.Misfiled(t.Context(), "themes-2", 10)
	must(t, err)
	equal(t, "misfiled by other themes", stale, []syndicate.Article{b, a})
	stale, err = s.Misfiled(t.Context(), "another", 1)
	must(t, err)
	if len(stale) != 1 {
		t.Errorf("%d misfiled, want no more than 1", len(stale))
	}

	a.Analysis = syndicate.Analysis{
		Filings: []syndicate.Filing{filing("finance")}, Places: []string{"宜昌"}, Gist: "New.",
		Figures: []syndicate.Figure{{Normalised: 7, BaseUnit: "t", Bound: "="}},
	}
	unknown := article("a", 3)
	must(t, s.Reclassify(t.Context(), "themes-2", []syndicate.Article{a, unknown, a}))
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "article", got, a)
	for query, found := range map[string]bool{
		"theme:finance": true, "place:宜昌": true, "amount:=7t": true, "码头": true, "author:李娜": true,
		"theme:industry": false, "place:武汉": false, "amount:>1亿": false,
	} {
		if got := len(titles(t, s, query)) == 1; got != found {
			t.Errorf("%s finds it: %v, want %v", query, got, found)
		}
	}
	a.Within = []string{"宜昌市", "湖北省"} // the same places, better known
	must(t, s.Reclassify(t.Context(), "themes-2", []syndicate.Article{a}))
	equal(t, "found by what its places lie in", titles(t, s, "place:湖北"), []string{a.Title})
	stale, err = s.Misfiled(t.Context(), "themes-2", 10)
	must(t, err)
	equal(t, "still misfiled", stale, []syndicate.Article{b})
}

func unknownArticle(t *testing.T, s *store.Store) {
	_, err := s.Article(t.Context(), "none")
	wantError(t, "Article", err, syndicate.ErrNotFound)
}

func withoutTimes(t *testing.T, s *store.Store) {
	a := article("a", 1)
	a.FirstSeen, a.Published, a.Changed = time.Time{}, time.Time{}, time.Time{}
	record(t, s, a)
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	a.FirstSeen, a.Published, a.Inferred = noon, noon, true
	equal(t, "article", got, a)
}

func numbers(t *testing.T, s *store.Store) {
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a"), source("b")}, noon))
	for i := range 3 {
		a := article("a", i)
		a.Filings = []syndicate.Filing{filing("finance"), filing(fmt.Sprintf("t%d", i%2))}
		record(t, s, a)
	}
	st, err := s.Stats(t.Context())
	must(t, err)
	if st.SchemaVersion < 2 {
		t.Errorf("schema version %d", st.SchemaVersion)
	}
	st.SchemaVersion = 0
	equal(t, "stats", st, store.Stats{Articles: 3, Sources: 2, Themes: map[string]int{"finance": 3, "t0": 2, "t1": 1}})
}
