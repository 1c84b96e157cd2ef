package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var pageTests = map[string]func(*testing.T, *store.Store){
	"which pages are due":                      pagesDue,
	"jobs only for sources that want pages":    pageJobs,
	"a page's text in its article":             pageInArticle,
	"an article that changed in the meantime":  pageOfChangedArticle,
	"a changed article gets its text again":    pageAgain,
	"one page of two articles":                 pageOfTwo,
	"a page of an article that is not stored":  pageOfNothing,
	"a page that was given up stays given up":  pageGivenUp,
	"a page that comes later":                  pageLater,
	"articles without an address or long past": pagesOfOthers,
}

// linked is article with an address.
func linked(source string, n int) syndicate.Article {
	a := article(source, n)
	a.URL = "https://" + source + ".example/" + a.Key
	return a
}

func duePages(t *testing.T, s *store.Store, source string, now time.Time) []string {
	t.Helper()
	due, err := s.DuePages(t.Context(), source, now, 10)
	must(t, err)
	titles := []string{}
	for _, d := range due {
		if d.Page.Key != d.Article.Key {
			t.Errorf("article %s comes with the page of %q", d.Article.Key, d.Page.Key)
		}
		titles = append(titles, d.Article.Title)
	}
	return titles
}

func pageOf(a syndicate.Article) syndicate.Page {
	return syndicate.Page{Key: a.Key, Source: a.Source, URL: a.URL, Tries: 1}
}

func fullPageOf(a syndicate.Article) syndicate.Page {
	p := pageOf(a)
	p.Content, p.Text = "<p>All of it.</p>", "All of it."
	p.Sections = []syndicate.Section{{Head: "Where", Text: "here"}}
	return p
}

func pagesDue(t *testing.T, s *store.Store) {
	record(t, s, linked("a", 1), linked("a", 2))
	record(t, s, linked("b", 1))
	now := noon.Add(time.Hour)
	equal(t, "due", duePages(t, s, "a", now), []string{"Article 2 of a", "Article 1 of a"})
	due, err := s.DuePages(t.Context(), "a", now, 1)
	must(t, err)
	equal(t, "one that is due", due, []syndicate.DuePage{{
		Article: linked("a", 2), Page: syndicate.Page{Key: linked("a", 2).Key, Source: "a", URL: linked("a", 2).URL},
	}})
	equal(t, "of nobody", duePages(t, s, "nobody", now), []string{})
}

func pageJobs(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	full, plain := source("a"), source("b")
	full.FullText = true
	must(t, s.SyncSources(t.Context(), []syndicate.Source{full, plain}, noon))
	record(t, s, linked("a", 1))
	record(t, s, linked("b", 1))
	must(t, s.EnqueueDue(t.Context(), noon.Add(30*time.Minute)))
	equal(t, "jobs", enqueued(t, s), []string{"pages a", "stories"})
	must(t, s.SavePage(t.Context(), pageOf(linked("a", 1)), fingerprint, nil))
	full.FullText = false
	must(t, s.SyncSources(t.Context(), []syndicate.Source{full, plain}, noon))
	record(t, s, linked("a", 2))
	must(t, s.EnqueueDue(t.Context(), noon.Add(30*time.Minute)))
	for _, j := range enqueued(t, s)[1:] {
		if j == "pages a" {
			t.Error("a source that wants no pages any more gets a job for them")
		}
	}
}

func pageInArticle(t *testing.T, s *store.Store) {
	a := linked("a", 1)
	a.Filings = []syndicate.Filing{filing("old")}
	record(t, s, a)
	full := a
	full.Content, full.Text, full.Summary = "<p>Quorvex flooded the harbour.</p>", "Quorvex flooded the harbour.", "Text number 1."
	full.Sections = []syndicate.Section{{Head: "Where", Text: "here"}}
	full.Filings, full.Gist, full.Places = []syndicate.Filing{filing("new")}, "Quorvex flooded.", []string{"Saltmere"}
	full.Published, full.PublishedRaw, full.Inferred = noon.Add(-48*time.Hour), "the day before yesterday", false
	p := fullPageOf(a)
	must(t, s.SavePage(t.Context(), p, "themes-2", &full))
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "article", got, full)
	equal(t, "found by its text", titles(t, s, "quorvex"), []string{a.Title})
	equal(t, "found by its new theme", titles(t, s, "theme:new"), []string{a.Title})
	equal(t, "found by its old theme", titles(t, s, "theme:old"), []string{})
	equal(t, "due", duePages(t, s, "a", noon.Add(24*time.Hour)), []string{})
	stored, err := s.PageAt(t.Context(), a.URL)
	must(t, err)
	p.Hash = a.Hash
	equal(t, "page", stored, p)
	misfiled, err := s.Misfiled(t.Context(), "themes-2", 10)
	must(t, err)
	equal(t, "to file anew", misfiled, []syndicate.Article{})
	record(t, s, a) // the source says the same as before
	got, err = s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "article after the next poll", got, full)
}

func pageOfChangedArticle(t *testing.T, s *store.Store) {
	a := linked("a", 1)
	record(t, s, a)
	changed := a
	changed.Hash, changed.Title = "hash-1b", "Corrected"
	record(t, s, changed)
	full := a // as it was when its page was asked for
	full.Text = "All of it."
	must(t, s.SavePage(t.Context(), fullPageOf(a), fingerprint, &full))
	got, err := s.Article(t.Context(), a.Key)
	must(t, err)
	equal(t, "article", got, changed)
	equal(t, "due", duePages(t, s, "a", noon.Add(time.Hour)), []string{"Corrected"})
}

func pageAgain(t *testing.T, s *store.Store) {
	a := linked("a", 1)
	record(t, s, a)
	must(t, s.SavePage(t.Context(), fullPageOf(a), fingerprint, &a))
	equal(t, "due", duePages(t, s, "a", noon.Add(time.Hour)), []string{})
	a.Hash, a.Title = "hash-1b", "Corrected"
	record(t, s, a)
	due, err := s.DuePages(t.Context(), "a", noon.Add(time.Hour), 10)
	must(t, err)
	if len(due) != 1 || due[0].Page.Content != "<p>All of it.</p>" || due[0].Page.Hash != "hash-1" {
		t.Fatalf("due: %+v", due)
	}
	must(t, s.SavePage(t.Context(), due[0].Page, fingerprint, &due[0].Article))
	equal(t, "due after that", duePages(t, s, "a", noon.Add(time.Hour)), []string{})
}

func pageOfTwo(t *testing.T, s *store.Store) {
	a, b := linked("a", 1), linked("a", 2)
	b.URL = a.URL
	record(t, s, a, b)
	_, err := s.PageAt(t.Context(), a.URL)
	wantError(t, "a page never asked for", err, syndicate.ErrNotFound)
	waiting := pageOf(b)
	waiting.NextAt = noon.Add(2 * time.Hour)
	must(t, s.SavePage(t.Context(), waiting, fingerprint, nil))
	_, err = s.PageAt(t.Context(), a.URL)
	wantError(t, "a page that is tried again", err, syndicate.ErrNotFound)
	must(t, s.SavePage(t.Context(), fullPageOf(a), fingerprint, &a))
	got, err := s.PageAt(t.Context(), b.URL)
	must(t, err)
	equal(t, "whose page", got.Key, a.Key)
}

func pageOfNothing(t *testing.T, s *store.Store) {
	a := linked("a", 1)
	must(t, s.SavePage(t.Context(), fullPageOf(a), fingerprint, &a))
	_, err := s.PageAt(t.Context(), a.URL)
	wantError(t, "its page", err, syndicate.ErrNotFound)
}

func pageGivenUp(t *testing.T, s *store.Store) {
	a := linked("a", 1)
	record(t, s, a)
	p := pageOf(a)
	p.Tries, p.Error = 3, a.URL+": there is nothing at this address"
	must(t, s.SavePage(t.Context(), p, fingerprint, nil))
	equal(t, "due", duePages(t, s, "a", noon.Add(24*time.Hour)), []string{})
	a.Hash, a.Title = "hash-1b", "Corrected"
	record(t, s, a)
	equal(t, "due after a change", duePages(t, s, "a", noon.Add(24*time.Hour)), []string{})
}

func pageLater(t *testing.T, s *store.Store) {
	a := linked("a", 1)
	record(t, s, a)
	p := pageOf(a)
	p.NextAt = noon.Add(2 * time.Hour)
	must(t, s.SavePage(t.Context(), p, fingerprint, nil))
	equal(t, "too early", duePages(t, s, "a", noon.Add(time.Hour)), []string{})
	equal(t, "in time", duePages(t, s, "a", noon.Add(2*time.Hour)), []string{a.Title})
	due, err := s.DuePages(t.Context(), "a", noon.Add(2*time.Hour), 10)
	must(t, err)
	equal(t, "its page", due[0].Page, p)
}

func pagesOfOthers(t *testing.T, s *store.Store) {
	bare := article("a", 1)
	record(t, s, bare, linked("a", 2))
	equal(t, "due", duePages(t, s, "a", noon.Add(time.Hour)), []string{"Article 2 of a"})
	equal(t, "due a week later", duePages(t, s, "a", noon.Add(8*24*time.Hour)), []string{})
}
