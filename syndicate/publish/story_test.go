package publish_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
)

// retold returns the sample's articles with a story: the second one of the
// sample tells what the first one tells.
func retold() ([]syndicate.Article, *store, *syndicate.Story) {
	list := articles()
	s := &syndicate.Story{ID: list[0].Key, Changed: at("2026-03-05T08:00:00Z")}
	for _, a := range list[:2] {
		s.Tellings = append(s.Tellings, syndicate.Telling{Key: a.Key, Source: a.Source, Title: a.Title, URL: a.URL, Published: a.Published})
	}
	s.Tellings[1].Agree = 3
	return list, &store{articles: list, stories: map[string]*syndicate.Story{list[0].Key: s, list[1].Key: s}}, s
}

func TestFeedsNameWhoElseTellsAStory(t *testing.T) {
	list, s, story := retold()
	p := publisher()
	p.Store = s
	plain, err := publisher(list...).Feed(t.Context(), "all", "atom")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range formats {
		doc, err := p.Feed(t.Context(), "all", format)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"亦见于：", "园区公告", "3 个数字一致", "https://paper.example/stories/" + story.ID, "https://paper.example/articles/" + list[1].Key} {
			if !strings.Contains(string(doc.Body), want) {
				t.Errorf("%s: no %q", format, want)
			}
		}
		if !doc.Modified.Equal(story.Changed) {
			t.Errorf("%s: modified %v, want when the story changed", format, doc.Modified)
		}
	}
	doc, err := p.Feed(t.Context(), "all", "atom")
	if err != nil {
		t.Fatal(err)
	}
	updated := func(doc []byte) []string {
		var out []string
		for _, part := range strings.Split(string(doc), "<updated>")[1:] {
			at, _, _ := strings.Cut(part, "<")
			out = append(out, at)
		}
		return out
	}
	if got, want := strings.Join(updated(doc.Body), " "), strings.Join(updated(plain.Body), " "); got != want {
		t.Errorf("a story made entries new:\n%s\n%s", got, want)
	}
}

func TestJSONFeedHoldsTheStory(t *testing.T) {
	_, s, story := retold()
	p := publisher()
	p.Store = s
	doc, err := p.Feed(t.Context(), "all", "json")
	if err != nil {
		t.Fatal(err)
	}
	var feed struct {
		Items []struct {
			Broadsheet struct {
				Story *struct {
					URL  string
					Also []struct {
						Source, Title, URL string
						Agree              int `json:"figures_agree"`
					} `json:"also_reported_by"`
				}
			} `json:"_broadsheet"`
		}
	}
	if err := json.Unmarshal(doc.Body, &feed); err != nil {
		t.Fatal(err)
	}
	got := feed.Items[0].Broadsheet.Story
	if got == nil || got.URL != "https://paper.example/stories/"+story.ID || len(got.Also) != 1 || got.Also[0].Source != "园区公告" || got.Also[0].Agree != 3 {
		t.Errorf("story %+v", got)
	}
	if feed.Items[2].Broadsheet.Story != nil {
		t.Error("an article that nobody else tells has a story")
	}
}

// TestAFeedIsFilledPastRetellings holds a feed of ten to its length when most
// of the newest articles tell one story.
func TestAFeedIsFilledPastRetellings(t *testing.T) {
	p := publisher()
	s := &pages{}
	p.Store = s
	p.Feeds[0].Limit = 2
	doc, err := p.Feed(t.Context(), "ports", "json")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(doc.Body), `"id":"tag:`); n != 2 {
		t.Errorf("%d items, want 2", n)
	}
	if s.asked != 3 {
		t.Errorf("asked %d times, want 3", s.asked)
	}
}

// pages has one telling left on every page of two.
type pages struct {
	store
	asked int
}

func (p *pages) Told(ctx context.Context, _ syndicate.Query, _ time.Time, _, offset int) ([]syndicate.Told, bool, error) {
	if p.asked++; offset == 0 {
		return nil, true, nil
	}
	a := articles()[offset/2]
	return []syndicate.Told{{Article: a}}, true, ctx.Err()
}
