package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var storyTests = map[string]func(*testing.T, *store.Store){
	"articles of several sources make a story":     storyOfSources,
	"nothing is compared beyond the window":        storyWindow,
	"what conflicts with the lead stays out":       storyConflict,
	"one source tells a story once":                storyOfOneSource,
	"a changed article is compared again":          storyChanged,
	"a changed lead has the others compared again": storyLeadChanged,
	"a deleted lead is followed by another":        storyLeadDeleted,
	"lists tell a story once":                      storyOnce,
	"an edition tells a story once":                storyInEditions,
	"many with one key are bounded":                storyBounded,
	"a week of a theme":                            storyWeek,
	"articles wait until they are compared":        storyWaits,
}

// A scripted storyteller takes the first word of a title for what the article
// tells, and "other" in it for what keeps it apart from everything else. Its
// keys are the words.
type scripted struct{ compared *int }

func (scripted) Keys(t syndicate.Telling) []uint64 {
	var keys []uint64
	for _, w := range strings.Fields(t.Title) {
		h := uint64(14695981039346656037)
		for i := range len(w) {
			h = (h ^ uint64(w[i])) * 1099511628211
		}
		keys = append(keys, h)
	}
	return keys
}

func (s scripted) Compare(t syndicate.Telling, others []syndicate.Telling) []syndicate.Verdict {
	var out []syndicate.Verdict
	first, _, _ := strings.Cut(t.Title, " ")
	for _, o := range others {
		if s.compared != nil {
			*s.compared++
		}
		word, _, _ := strings.Cut(o.Title, " ")
		v := syndicate.Verdict{Same: word == first, Score: 0.9, Reason: "alike"}
		switch {
		case strings.Contains(t.Title, "other") || strings.Contains(o.Title, "other") && len(o.Title) > 0:
			v = syndicate.Verdict{Conflict: true, Reason: "another"}
		case strings.Contains(t.Title, "corrected"):
			v.Correction = true
		}
		out = append(out, v)
	}
	return out
}

// titled returns the nth article of a source under a title.
func titled(source string, n int, title string) syndicate.Article {
	a := article(source, n)
	a.Title = title
	return a
}

// tell compares all that waits.
func tell(t *testing.T, s *store.Store) (told int) {
	t.Helper()
	for {
		n, err := s.Tell(t.Context(), scripted{}, noon.Add(time.Hour), 3)
		must(t, err)
		if told += n; n == 0 {
			return told
		}
	}
}

// storyOf returns the sources that tell what an article tells, the lead first:
// "a1 b2".
func storyOf(t *testing.T, s *store.Store, a syndicate.Article) string {
	t.Helper()
	of, err := s.StoriesOf(t.Context(), []string{a.Key})
	must(t, err)
	if of[a.Key] == nil {
		return ""
	}
	var out []string
	for _, x := range of[a.Key].Tellings {
		out = append(out, x.Source)
	}
	return strings.Join(out, " ")
}

func storyOfSources(t *testing.T, s *store.Store) {
	a, b, c, alone := titled("a", 1, "bridge opens"), titled("b", 2, "bridge is open"), titled("c", 3, "bridge at last"), titled("d", 4, "market falls")
	a.Figures = []syndicate.Figure{{Text: "5", BaseUnit: "m", Normalised: 5}, {Text: "7", BaseUnit: "m", Normalised: 7}}
	b.Figures = []syndicate.Figure{{Text: "5", BaseUnit: "m", Normalised: 5}, {Text: "5", BaseUnit: "m", Normalised: 5}, {Text: "7", BaseUnit: "t", Normalised: 7}}
	record(t, s, a)
	record(t, s, b)
	record(t, s, alone)
	if n := tell(t, s); n != 3 {
		t.Errorf("%d articles compared, want 3", n)
	}
	record(t, s, c)
	tell(t, s)
	equal(t, "story", storyOf(t, s, c), "a b c")
	equal(t, "story of one", storyOf(t, s, alone), "")

	got, err := s.Story(t.Context(), a.Key)
	must(t, err)
	want := syndicate.Story{ID: a.Key, Changed: noon.Add(time.Hour), Tellings: []syndicate.Telling{
		{Key: a.Key, Source: "a", Title: a.Title, Language: "en", Published: a.Published, FirstSeen: a.FirstSeen},
		{Key: b.Key, Source: "b", Title: b.Title, Language: "en", Published: b.Published, FirstSeen: b.FirstSeen, Agree: 1, Reason: "like the one of a, alike"},
		{Key: c.Key, Source: "c", Title: c.Title, Language: "en", Published: c.Published, FirstSeen: c.FirstSeen, Reason: got.Tellings[2].Reason},
	}}
	equal(t, "the story", got, want)
	_, err = s.Story(t.Context(), b.Key)
	wantError(t, "a story by another article", err, syndicate.ErrNotFound)
}

func storyWindow(t *testing.T, s *store.Store) {
	a, b, c := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open"), titled("c", 3, "bridge opened")
	b.Published = a.Published.Add(72*time.Hour + time.Millisecond)
	c.Published = a.Published.Add(-72 * time.Hour)
	for _, x := range []syndicate.Article{a, b, c} {
		record(t, s, x)
		tell(t, s)
	}
	equal(t, "after the window", storyOf(t, s, b), "")
	equal(t, "within the window", storyOf(t, s, c), "a c")
}

func storyConflict(t *testing.T, s *store.Store) {
	a, b, c := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open"), titled("c", 3, "bridge other")
	record(t, s, a)
	record(t, s, b)
	record(t, s, c)
	tell(t, s)
	equal(t, "story", storyOf(t, s, a), "a b")
	equal(t, "what conflicts", storyOf(t, s, c), "")
}

func storyOfOneSource(t *testing.T, s *store.Store) {
	a, again, corrected, b := titled("a", 1, "bridge opens"), titled("a", 2, "bridge opens today"), titled("a", 3, "bridge corrected"), titled("b", 4, "bridge opens")
	record(t, s, a, again)
	tell(t, s)
	equal(t, "two of one source", storyOf(t, s, again), "")
	record(t, s, corrected)
	tell(t, s)
	if got := storyOf(t, s, corrected); got != "a a" {
		t.Errorf("a correction by the same source: story %q", got)
	}
	record(t, s, b)
	tell(t, s)
	if got := storyOf(t, s, b); !strings.HasPrefix(got, "a ") {
		t.Errorf("another source: story %q", got)
	}
}

func storyChanged(t *testing.T, s *store.Store) {
	a, b := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open")
	record(t, s, a)
	record(t, s, b)
	tell(t, s)
	b.Title, b.Hash = "market falls", "other"
	record(t, s, b)
	tell(t, s)
	equal(t, "after a change", storyOf(t, s, b), "")
	b.Title, b.Hash = "bridge open again", "third"
	record(t, s, b)
	tell(t, s)
	equal(t, "after another change", storyOf(t, s, b), "a b")
}

func storyLeadChanged(t *testing.T, s *store.Store) {
	a, b, c := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open"), titled("c", 3, "bridge opened")
	for _, x := range []syndicate.Article{a, b, c} {
		record(t, s, x)
	}
	tell(t, s)
	a.Title, a.Hash = "market bridge", "other"
	record(t, s, a)
	tell(t, s)
	equal(t, "the lead", storyOf(t, s, a), "")
	equal(t, "the others", storyOf(t, s, c), "b c")
	a.Title, a.Hash = "bridge opens", "third"
	record(t, s, a)
	tell(t, s)
	got, err := s.Story(t.Context(), a.Key)
	must(t, err)
	equal(t, "the lead of its story", got.Tellings[0].Key, a.Key)
}

func storyLeadDeleted(t *testing.T, s *store.Store) {
	a, b, c := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open"), titled("c", 3, "bridge opened")
	for _, x := range []syndicate.Article{a, c, b} {
		record(t, s, x)
	}
	tell(t, s)
	equal(t, "before", storyOf(t, s, b), "a b c")
	_, err := s.Forget(t.Context(), []string{a.Key}, noon)
	must(t, err)
	equal(t, "after", storyOf(t, s, c), "b c")
	story, err := s.Story(t.Context(), a.Key)
	must(t, err)
	equal(t, "its id", story.ID, a.Key)
	d := titled("d", 9, "bridge now")
	record(t, s, d)
	tell(t, s)
	equal(t, "one more", storyOf(t, s, d), "b c d")
}

func storyOnce(t *testing.T, s *store.Store) {
	a, b, alone := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open"), titled("c", 3, "market falls")
	record(t, s, a)
	record(t, s, b)
	record(t, s, alone)
	tell(t, s)
	told := func(text string, limit, offset int) string {
		q, err := syndicate.ParseQuery(text, time.UTC)
		must(t, err)
		list, more, err := s.Told(t.Context(), q, noon.Add(time.Hour), limit, offset)
		must(t, err)
		var out []string
		for _, x := range list {
			n := 0
			if x.Story != nil {
				n = len(x.Story.Tellings)
			}
			out = append(out, fmt.Sprintf("%s%d", x.Source, n))
		}
		if more {
			out = append(out, "more")
		}
		return strings.Join(out, " ")
	}
	equal(t, "all", told("", 10, 0), "c0 a2")
	equal(t, "a page that the lead is not on", told("", 2, 0), "c0 more")
	equal(t, "the next page", told("", 2, 2), "a2")
	equal(t, "what selects the other one only", told("source:b", 10, 0), "b2")
	equal(t, "and what selects both", told("title:open OR title:opens", 10, 0), "a2")
}

func storyInEditions(t *testing.T, s *store.Store) {
	a, b, c := titled("a", 1, "bridge opens"), titled("b", 2, "bridge open"), titled("c", 3, "market falls")
	for _, x := range []syndicate.Article{a, b, c} {
		record(t, s, x)
	}
	fresh := func(digest string) string {
		list, err := s.Fresh(t.Context(), digest, syndicate.Query{}, 1<<40, time.Time{}, noon.Add(time.Hour))
		must(t, err)
		var out []string
		for _, x := range list {
			out = append(out, x.Source)
		}
		return strings.Join(out, " ")
	}
	tell(t, s)
	equal(t, "before any edition", fresh("d"), "c b a")
	e := mailer.Edition{Digest: "d", At: noon, Until: noon, Created: noon, Sections: []mailer.Section{{Theme: "x", Items: []mailer.Item{{Key: a.Key}}}}}
	must(t, s.SaveEdition(t.Context(), &e, nil, noon.Add(24*time.Hour)))
	equal(t, "once the story was mailed", fresh("d"), "c")
	equal(t, "in another digest", fresh("other"), "c b a")
	_, err := s.Forget(t.Context(), []string{a.Key}, noon)
	must(t, err)
	equal(t, "once the mailed one is deleted", fresh("d"), "c")
}

func storyBounded(t *testing.T, s *store.Store) {
	compared := 0
	var many []syndicate.Article
	for i := range 400 {
		many = append(many, titled("a", i, fmt.Sprintf("w%d weather w%d", i, i)))
	}
	record(t, s, many...)
	_, err := s.Tell(t.Context(), scripted{&compared}, noon, 1000)
	must(t, err)
	if compared > 50 {
		t.Errorf("%d comparisons of 400 articles that share a word which all have", compared)
	}
	before := compared
	record(t, s, titled("b", 500, "w7 weather"), titled("b", 501, "rain weather"))
	_, err = s.Tell(t.Context(), scripted{&compared}, noon, 1000)
	must(t, err)
	if n := compared - before; n != 1 {
		t.Errorf("%d comparisons, want that with the only article that shares a rare word", n)
	}
}

func storyWaits(t *testing.T, s *store.Store) {
	waits := func() bool {
		waiting, err := s.Untold(t.Context())
		must(t, err)
		return waiting
	}
	if waits() {
		t.Error("something waits in an empty store")
	}
	a := titled("a", 1, "bridge opens")
	record(t, s, a)
	if !waits() {
		t.Error("a new article does not wait")
	}
	_, err := s.Tell(t.Context(), failing{}, noon, 10)
	if err != nil {
		t.Error(err)
	}
	if waits() {
		t.Error("an article waits that was compared")
	}
	record(t, s, a)
	if waits() {
		t.Error("an article waits that did not change")
	}
	_, err = s.Forget(t.Context(), []string{a.Key}, noon)
	if errors.Is(err, syndicate.ErrNotFound) {
		t.Error(err)
	}
}

// failing finds nothing and must not be asked to compare.
type failing struct{}

func (failing) Keys(syndicate.Telling) []uint64 { return nil }

func (failing) Compare(_ syndicate.Telling, others []syndicate.Telling) []syndicate.Verdict {
	return make([]syndicate.Verdict, len(others))
}

func storyWeek(t *testing.T, s *store.Store) {
	yuan := func(amounts ...float64) (fs []syndicate.Figure) {
		for _, x := range amounts {
			fs = append(fs, syndicate.Figure{Text: "x", BaseUnit: "元", Normalised: x})
		}
		return fs
	}
	filed := func(a syndicate.Article, theme string, fs ...syndicate.Figure) syndicate.Article {
		a.Filings, a.Figures = []syndicate.Filing{{Theme: theme, Score: 1}}, fs
		return a
	}
	record(t, s, filed(titled("a", 1, "bridge opens"), "x", yuan(5, 7, 3)...))
	record(t, s, filed(titled("b", 2, "bridge is open"), "x", yuan(9)...)) // of the same story
	record(t, s, filed(titled("c", 3, "market falls"), "x", append(yuan(100), syndicate.Figure{BaseUnit: "USD", Normalised: 2}, syndicate.Figure{BaseUnit: "t", Normalised: 1e9})...))
	record(t, s, filed(titled("d", 4, "harbour grows"), "x"))
	record(t, s, filed(titled("e", 5, "other theme"), "y", yuan(1000)...))
	record(t, s, filed(titled("f", 60, "next week"), "x", yuan(1000)...))
	tell(t, s)
	from, before := titled("a", 1, "").FirstSeen, titled("f", 60, "").FirstSeen
	got, err := s.Week(t.Context(), "x", from, before)
	must(t, err)
	equal(t, "week", got, syndicate.Week{Articles: 4, Amounts: map[string]float64{"元": 109, "USD": 2}})
	got, err = s.Week(t.Context(), "none", from, before)
	must(t, err)
	equal(t, "week of nothing", got, syndicate.Week{Amounts: map[string]float64{}})
}
