package publish_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/feeds"

	"broadsheet/syndicate"
	"broadsheet/syndicate/publish"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// store keeps articles in memory.
type store struct {
	articles  []syndicate.Article // newest first
	stories   map[string]*syndicate.Story
	withdrawn []syndicate.Withdrawal
	queries   []syndicate.Query // that were asked
	err       error
}

func (s *store) Articles(_ context.Context, q syndicate.Query, now time.Time, limit, offset int) ([]syndicate.Article, error) {
	s.queries = append(s.queries, q)
	var found []syndicate.Article
	for _, a := range s.articles {
		if q.Match(&a, now) {
			found = append(found, a)
		}
	}
	found = found[min(offset, len(found)):]
	return found[:min(limit, len(found))], s.err
}

func (s *store) Told(ctx context.Context, q syndicate.Query, now time.Time, limit, offset int) (told []syndicate.Told, more bool, err error) {
	articles, err := s.Articles(ctx, q, now, limit+1, offset)
	for i := range articles[:min(limit, len(articles))] {
		told = append(told, syndicate.Told{Article: articles[i], Story: s.stories[articles[i].Key]})
	}
	return told, len(articles) > limit, err
}

func (s *store) Count(ctx context.Context, q syndicate.Query, now time.Time) (int, error) {
	found, err := s.Articles(ctx, q, now, 1<<30, 0)
	return len(found), err
}

func (s *store) Withdrawn(_ context.Context, limit int) ([]syndicate.Withdrawal, error) {
	return s.withdrawn[:min(limit, len(s.withdrawn))], s.err
}

func publisher(articles ...syndicate.Article) *publish.Publisher {
	return &publish.Publisher{
		Site: syndicate.Site{Title: "江城产经", URL: "https://paper.example", Language: "zh-Hans", Contact: "editor@paper.example"},
		Themes: []syndicate.Theme{
			{ID: "finance", Title: map[string]string{"zh-Hans": "金融", "en": "Finance"}},
			{ID: "industry", Title: map[string]string{"zh-Hans": "产业", "en": "Industry"}},
			{ID: "infrastructure", Title: map[string]string{"zh-Hans": "基础设施", "en": "Infrastructure"}},
		},
		Sources: []syndicate.Source{
			{Name: "harbour", Title: "Harbour Gazette", URL: "https://Reader:secret@Harbour.example:443", Kind: syndicate.KindFeed, Language: "en"},
			{Name: "park", Title: "园区公告", URL: "file:///srv/private/list.txt", Kind: syndicate.KindListing},
		},
		Feeds: []syndicate.Feed{{
			Name: "ports", Title: map[string]string{"zh-Hans": "港口与航运"}, Limit: 1,
			Query: syndicate.Query{Text: "港口 OR 航运", Root: syndicate.Or{syndicate.Phrase{Text: "港口"}, syndicate.Phrase{Text: "航运"}}},
		}},
		Store: &store{articles: articles},
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// articles are our own: a full one, one of a listing, an English one without a
// date, one with next to nothing.
func articles() []syndicate.Article {
	seen := at("2026-03-02T08:30:00Z")
	list := []syndicate.Article{
		{
			Source: "harbour", GUID: "urn:x:1", Title: "江北新港三期开工 <总投资> 48亿元 & 两年建成", URL: "https://港口.example/新闻/1?题=一 二#段",
			Summary: "来源自己的摘要", Content: "<p>江北新港三期昨日开工，总投资<strong>48亿元</strong>。</p>\n<p>岸线长 1,250 米，CDATA 结尾 ]]&gt; 也要完整。</p>",
			Text: "江北新港三期昨日开工，总投资48亿元。\n港口岸线长 1,250 米。", Authors: []string{"陈河", " 林 桥 ", "陈河"}, Categories: []string{"港口", "金融", "港口"},
			Language: "zh-Hans", Published: at("2026-03-01T10:00:00+08:00"), Updated: at("2026-03-02T07:00:00Z"),
			Enclosures: []syndicate.Enclosure{{URL: "https://harbour.example/图 1.jpg", Length: 2048}, {URL: "https://harbour.example/talk.mp3", Type: "audio/mpeg"}, {URL: "javascript:alert(1)"}},
			Analysis: syndicate.Analysis{
				Gist:   "江北新港三期昨日开工，总投资48亿元。",
				Places: []string{"江北新港"},
				Figures: []syndicate.Figure{{
					Text: "48亿元", Value: 48, Unit: "亿元", Normalised: 4.8e9, BaseUnit: "元", Bound: "=", Sentence: "总投资48亿元。",
				}},
				Filings: []syndicate.Filing{
					{Theme: "infrastructure", Score: 3.2, Threshold: 1, Hits: []syndicate.Hit{{Term: "新港", Weight: 1, Count: 2, Where: []string{"title", "body"}, Score: 3.2}}},
					{Theme: "finance", Score: 1.1, Threshold: 1, Hits: []syndicate.Hit{{Term: "总投资", Weight: 1, Count: 1, Where: []string{"title"}, Score: 1.1}}},
				},
			},
		},
		{
			Source: "park", Title: "【园区公告】智能车间二期投产", Language: "zh-Hans",
			Text:      "东湖机械的智能车间二期投产。\n一、产能\n每年可造机械臂 9,000 台。",
			Published: at("2026-02-27T00:00:00+08:00"),
			Analysis:  syndicate.Analysis{Gist: "东湖机械的智能车间二期投产。", Filings: []syndicate.Filing{{Theme: "industry", Score: 2, Threshold: 1, Source: true}}},
		},
		{
			Source: "harbour", GUID: "urn:x:2", Title: "Lock gates \x00reopen\u0085 after repairs", URL: "https://harbour.example/2", Language: "en",
			Content: "<p>The lock reopened \ufffeon Monday.</p>", Text: "The lock reopened on Monday.", Inferred: true,
			Published: seen,
		},
		{Source: "gone", GUID: "bare", Published: seen, URL: "ftp://old.example/x"},
	}
	stamp(seen, list)
	list[0].Changed = at("2026-03-02T09:15:00Z")
	return list
}

var formats = []string{"rss", "atom", "json"}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", name, diff)
	}
}

func TestDocumentDependsOnContentAlone(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			p := publisher(articles()...)
			p.Now = func() time.Time { return at("2026-03-02T12:00:00Z") }
			one, err := p.Feed(t.Context(), "all", format)
			if err != nil {
				t.Fatal(err)
			}
			p.Now = func() time.Time { return at("2031-01-01T00:00:00Z") }
			two, err := p.Feed(t.Context(), "all", format)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(one, two); diff != "" {
				t.Errorf("another time made another document (-first +second):\n%s", diff)
			}
			if want := at("2026-03-02T09:15:00Z"); !one.Modified.Equal(want) {
				t.Errorf("modified %v, want that of the newest change, %v", one.Modified, want)
			}
			changed := articles()
			changed[1].Title += "！"
			three, err := publisher(changed...).Feed(t.Context(), "all", format)
			if err != nil {
				t.Fatal(err)
			}
			if three.ETag == one.ETag {
				t.Error("a changed title kept the ETag")
			}
			if len(one.ETag) < 20 || !strings.HasPrefix(one.ETag, `"`) || !strings.HasSuffix(one.ETag, `"`) {
				t.Errorf("ETag %s is not strong and quoted", one.ETag)
			}
		})
	}
}

func TestNames(t *testing.T) {
	p := publisher(articles()...)
	for _, tt := range []struct {
		name     string
		articles int
	}{
		{"all", 4}, {"finance", 1}, {"industry", 1}, {"source-harbour", 2}, {"source-park", 1}, {"ports", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := p.Feed(t.Context(), tt.name, "json")
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(doc.Body), `"_broadsheet"`); n != tt.articles {
				t.Errorf("%d articles, want %d", n, tt.articles)
			}
		})
	}
	for _, name := range []string{"", "nobody", "harbour", "source-", "ALL", "source-all"} {
		if _, err := p.Feed(t.Context(), name, "rss"); !errors.Is(err, syndicate.ErrNotFound) {
			t.Errorf("feed %q: %v, want ErrNotFound", name, err)
		}
	}
	if _, err := p.Feed(t.Context(), "all", "rdf"); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("format rdf: %v, want ErrNotFound", err)
	}
}

func TestBrokenStoreIsNotAnEmptyFeed(t *testing.T) {
	p := publisher()
	broken := errors.New("disk is full")
	p.Store = &store{err: broken}
	if _, err := p.Feed(t.Context(), "all", "atom"); !errors.Is(err, broken) || !strings.Contains(err.Error(), `feed "all"`) {
		t.Errorf("got %v, want the store's error and the feed's name", err)
	}
}

func TestListed(t *testing.T) {
	want := []syndicate.Listed{
		{Name: "all", Title: "All articles", Kind: "all", Page: "/"},
		{Name: "finance", Title: "Finance", Kind: "theme", Page: "/themes/finance"},
		{Name: "industry", Title: "Industry", Kind: "theme", Page: "/themes/industry"},
		{Name: "infrastructure", Title: "Infrastructure", Kind: "theme", Page: "/themes/infrastructure"},
		{Name: "ports", Title: "港口与航运", Kind: "feed", Page: "/search?q=%E6%B8%AF%E5%8F%A3+OR+%E8%88%AA%E8%BF%90"},
		{Name: "source-harbour", Title: "Harbour Gazette", Kind: "source", Page: "/search?q=source%3Aharbour"},
		{Name: "source-park", Title: "园区公告", Kind: "source", Page: "/search?q=source%3Apark"},
	}
	got := publisher().Listed("en")
	for i := range got {
		if text := got[i].Query.Text; text != "" && !strings.Contains(got[i].Page, url.QueryEscape(text)) && got[i].Kind != "theme" {
			t.Errorf("%s selects %q, its page %s", got[i].Name, text, got[i].Page)
		}
		got[i].Query = syndicate.Query{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothingPrivateIsPublished(t *testing.T) {
	p := publisher(articles()...)
	for _, format := range formats {
		doc, err := p.Feed(t.Context(), "all", format)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"secret", "/srv/private", "javascript:", "ftp:", "editor@"} {
			if strings.Contains(string(doc.Body), secret) {
				t.Errorf("%s holds %q", format, secret)
			}
		}
	}
}

// BenchmarkFeed writes a feed of fifty articles, and beside it what
// gorilla/feeds alone can say of the same articles.
func BenchmarkFeed(b *testing.B) {
	var list []syndicate.Article
	plain := &feeds.Feed{Title: "江城产经", Link: &feeds.Link{Href: "https://paper.example/"}, Updated: at("2026-03-02T09:15:00Z")}
	for i := range 50 {
		a := articles()[i%2]
		a.Key = syndicate.NewKey("bench", string(rune('a'+i)))
		a.ID = syndicate.NewID("https://harbour.example/", a.Key)
		a.Content = strings.Repeat(articles()[0].Content, 5)
		list = append(list, a)
		plain.Add(&feeds.Item{
			Title: a.Title, Link: &feeds.Link{Href: "https://harbour.example/1"}, Id: a.ID, Description: a.Gist, Content: a.Content,
			Created: a.Published, Updated: a.Changed,
		})
	}
	p := publisher(list...)
	alone := map[string]func(*feeds.Feed, io.Writer) error{
		"rss": (*feeds.Feed).WriteRss, "atom": (*feeds.Feed).WriteAtom, "json": (*feeds.Feed).WriteJSON,
	}
	for _, format := range formats {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				doc, err := p.Feed(b.Context(), "all", format)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(doc.Body)))
			}
			b.ReportMetric(float64(b.N*len(list))/b.Elapsed().Seconds(), "articles/s")
		})
		b.Run(format+"/gorilla", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var w bytes.Buffer
				if err := alone[format](plain, &w); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(w.Len()))
			}
			b.ReportMetric(float64(b.N*len(list))/b.Elapsed().Seconds(), "articles/s")
		})
	}
}
