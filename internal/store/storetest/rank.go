package storetest

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

func search(t *testing.T, s *store.Store, query string, best bool, limit, offset int) syndicate.Found {
	t.Helper()
	q, err := syndicate.ParseQuery(query, time.UTC)
	must(t, err)
	found, err := s.Search(t.Context(), q, noon, best, limit, offset)
	must(t, err)
	return found
}

func titlesOf(found syndicate.Found) []string {
	var list []string
	for _, a := range found.Articles {
		list = append(list, a.Title)
	}
	return list
}

func bestFirst(t *testing.T, s *store.Store) {
	day := 24 * time.Hour
	var as []syndicate.Article
	add := func(title, text string, age time.Duration) {
		a := article("a", len(as))
		a.Title, a.Text, a.FirstSeen, a.Published = title, text, noon.Add(-age), noon.Add(-age)
		as = append(as, a)
	}
	add("once in the text, today", "说到港口。", 0)
	add("thrice in the text, yesterday", "港口，港口，港口。", day)
	add("港口在标题里", "别的。", 10*day)
	add("港口在标题里，很久以前", "港口。", 90*day)
	add("nothing of it", "别的。", 0)
	record(t, s, as...)
	// Hits: 4 in the title are log2(5) = 2.3, less 10/14; 1.5 are 1.3, less
	// 1/14; 0.5 are 0.6; 4.5 are 2.5, less 90/14.
	want := []string{as[2].Title, as[1].Title, as[0].Title, as[3].Title}
	equal(t, "the best", titlesOf(search(t, s, "港口", true, 10, 0)), want)
	for i := range want {
		equal(t, fmt.Sprint("page ", i), titlesOf(search(t, s, "港口", true, 1, i)), want[i:i+1])
	}
	equal(t, "the newest", titlesOf(search(t, s, "港口", false, 10, 0)), []string{as[0].Title, as[1].Title, as[2].Title, as[3].Title})
	// What is ruled out does not count, and without words the newest are best.
	equal(t, "without what is ruled out", titlesOf(search(t, s, "别的 -title:港口 OR 港口 -标题", true, 10, 0)), []string{as[1].Title, as[0].Title, as[4].Title})
	equal(t, "without words", titlesOf(search(t, s, "before:5d", true, 10, 0)), []string{as[2].Title, as[3].Title})
}

func manyFound(t *testing.T, s *store.Store) {
	var as []syndicate.Article
	for i := range 1105 {
		a := article("a", i)
		if a.Text = "港口"; i%11 == 0 {
			a.Text = "港口 航运"
		}
		as = append(as, a)
	}
	record(t, s, as...)
	for _, best := range []bool{false, true} {
		found := search(t, s, "港口", best, 20, 1090)
		switch {
		case best && found.Total <= 1000 && found.More: // it looks among no more than these
		case !best && found.Total == 1105 && !found.More && len(found.Articles) == 15:
		default:
			t.Errorf("best %v: %d found, more %v, %d on the page", best, found.Total, found.More, len(found.Articles))
		}
	}
	found := search(t, s, "航运", false, 20, 90)
	equal(t, "the last page", titlesOf(found), []string{
		"Article 110 of a", "Article 99 of a", "Article 88 of a", "Article 77 of a", "Article 66 of a",
		"Article 55 of a", "Article 44 of a", "Article 33 of a", "Article 22 of a", "Article 11 of a", "Article 0 of a",
	})
}
