package compose_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer/compose"
	"broadsheet/syndicate"
)

// storyOf makes one story of articles, the first one leads it.
func storyOf(s *store, articles ...syndicate.Article) {
	story := &syndicate.Story{ID: articles[0].Key}
	if s.stories == nil {
		s.stories = map[string]*syndicate.Story{}
	}
	for i, a := range articles {
		t := syndicate.Telling{Key: a.Key, Source: a.Source, Title: a.Title}
		if i > 0 {
			t.Agree = 2
		}
		story.Tellings = append(story.Tellings, t)
		s.stories[a.Key] = story
	}
}

func telling(key, source string, seen time.Time) syndicate.Article {
	return syndicate.Article{
		Key: key, ID: "tag:" + key, Source: source, Title: "Told by " + source, FirstSeen: seen, Published: seen, Language: "en",
		Analysis: syndicate.Analysis{Filings: []syndicate.Filing{{Theme: "finance", Score: 2, Threshold: 1}}, Gist: "It happened."},
	}
}

func TestEditionTellsAStoryOnce(t *testing.T) {
	morning := monday().Add(-24 * time.Hour)
	lead, second, third := telling("a1", "a", morning), telling("b1", "b", morning.Add(time.Hour)), telling("c1", "c", morning.Add(2*time.Hour))
	for _, x := range []struct {
		why   string
		fresh []syndicate.Article
		want  []string
		also  []string
	}{
		{"the lead stands for it", []syndicate.Article{third, second, lead}, []string{"a1"}, []string{"b", "c"}},
		{"without the lead, the one that was seen first", []syndicate.Article{third, second}, []string{"b1"}, []string{"a", "c"}},
	} {
		t.Run(x.why, func(t *testing.T) {
			s := &store{articles: x.fresh}
			storyOf(s, lead, second, third)
			e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string][]string{"finance": x.want}, told(e)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			var also []string
			for _, r := range e.Items()[0].Retold {
				also = append(also, r.Source)
			}
			if diff := cmp.Diff(x.also, also); diff != "" {
				t.Errorf("also reported by (-want +got):\n%s", diff)
			}
			for _, want := range []string{"亦见于：", "（2 个数字一致）"} {
				if !strings.Contains(e.HTML, want) || !strings.Contains(e.Text, want) {
					t.Errorf("no %q in a form of the edition", want)
				}
			}
			if !strings.Contains(e.HTML, e.Items()[0].Retold[0].URL) {
				t.Error("no link to another telling")
			}
			checkHTML(t, e)
			checkText(t, e)
		})
	}
}
