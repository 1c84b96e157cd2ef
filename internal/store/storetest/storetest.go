// Package storetest holds what every database of package store must do, as one
// suite that runs on each of them. It tests nothing that only one database has.
package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// Open opens a store on an empty database that goes when t ends.
type Open func(t *testing.T) *store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	groups := map[string]map[string]func(*testing.T, *store.Store){
		"sources":     sourceTests,
		"articles":    articleTests,
		"search":      searchTests,
		"digests":     digestTests,
		"editions":    editionTests,
		"outbox":      outboxTests,
		"account":     accountTests,
		"tallies":     tallyTests,
		"holds":       holdTests,
		"jobs":        jobTests,
		"together":    togetherTests,
		"past":        pastTests,
		"pages":       pageTests,
		"hubs":        hubTests,
		"subscribers": subscriberTests,
		"incoming":    incomingTests,
		"rhythms":     rhythmTests,
		"follow":      followerTests,
		"changes":     changeTests,
		"corrections": correctionTests,
		"operator":    operatorTests,
		"stories":     storyTests,
		"sign-ups":    signUpTests,
		"inbox":       inboxTests,
		"served":      servedTests,
	}
	for group, tests := range groups {
		t.Run(group, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, open(t))
				})
			}
		})
	}
}

// noon is the moment at which most tests happen.
var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

const fingerprint = "themes-1"

func source(name string) syndicate.Source {
	return syndicate.Source{
		Name: name, Title: "Title of " + name, URL: "https://" + name + ".example/feed",
		Kind: syndicate.KindFeed, Every: time.Hour,
	}
}

func poll(source string) syndicate.Poll {
	return syndicate.Poll{
		Source: source, NextAt: noon.Add(time.Hour), NextReason: "every 1h",
		LastAt: noon, LastOKAt: noon, Status: 200, Outcome: syndicate.Fetched,
	}
}

// article returns the nth article of a source, with a title and a text that
// name it. Later articles are first seen later.
func article(source string, n int) syndicate.Article {
	seen := noon.Add(time.Duration(n) * time.Minute)
	key := syndicate.NewKey(source, fmt.Sprint(n))
	return syndicate.Article{
		Key: key, ID: syndicate.NewID("https://"+source+".example/", key), Source: source,
		Title: fmt.Sprintf("Article %d of %s", n, source), Text: fmt.Sprintf("Text number %d.", n),
		Published: seen.Add(-time.Minute), FirstSeen: seen, Changed: seen, Hash: fmt.Sprintf("hash-%d", n),
		Language: "en",
	}
}

func filing(theme string) syndicate.Filing {
	return syndicate.Filing{Theme: theme, Score: 2.5, Threshold: 1}
}

func record(t *testing.T, s *store.Store, articles ...syndicate.Article) (added, changed int) {
	t.Helper()
	added, changed, err := s.Record(t.Context(), poll(articles[0].Source), fingerprint, articles)
	must(t, err)
	return added, changed
}

// titles returns the titles of the articles a query selects, in order.
func titles(t *testing.T, s *store.Store, query string) []string {
	t.Helper()
	q, err := syndicate.ParseQuery(query, time.UTC)
	must(t, err)
	articles, err := s.Articles(t.Context(), q, noon, 1000, 0)
	must(t, err)
	n, err := s.Count(t.Context(), q, noon)
	must(t, err)
	if n != len(articles) {
		t.Errorf("Count(%q) = %d, and Articles has %d", query, n, len(articles))
	}
	var out []string
	for _, a := range articles {
		out = append(out, a.Title)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal compares what is stored with what was to be stored. Empty lists come
// back as nil.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}
