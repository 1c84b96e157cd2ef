package config_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// samples reads the sources of the shipped configuration.
func samples(t *testing.T) (*config.Config, map[string][]syndicate.Article) {
	t.Helper()
	cfg, err := config.Load(shipped)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	articles := map[string][]syndicate.Article{}
	for i := range cfg.Sources {
		src := &cfg.Sources[i]
		u, err := url.Parse(src.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := os.ReadFile(u.Path)
		if err != nil {
			t.Fatal(err)
		}
		res, err := read.Read(t.Context(), read.Input{Body: body, URL: src.URL, Kind: src.Kind, Location: src.Location, Language: src.Language})
		if err != nil {
			t.Fatalf("%s: %v", src.Name, err)
		}
		if len(res.Repairs) > 0 {
			t.Errorf("%s needs repairs: %v", src.Name, res.Repairs)
		}
		articles[src.Name] = read.Articles(src, res, now)
	}
	return cfg, articles
}

func TestSamplesAreWhole(t *testing.T) {
	_, articles := samples(t)
	want := map[string]int{"portal": 10, "harbour": 10, "markets": 6}
	last := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for source, n := range want {
		if got := len(articles[source]); got != n {
			t.Errorf("%s has %d articles, want %d", source, got, n)
		}
		for _, a := range articles[source] {
			if a.Title == "" || len(a.Text) < 100 {
				t.Errorf("%s: the article is not whole: %+v", source, a)
			}
			if a.Inferred || a.Published.After(last) || last.Sub(a.Published) > 8*24*time.Hour {
				t.Errorf("%s: %s is of %v", source, a.Title, a.Published)
			}
			if source == "portal" && (len(a.Sections) < 3 || len(a.Sections) > 5) {
				t.Errorf("%s has %d sections", a.Title, len(a.Sections))
			}
			if strings.Contains(a.Text, "点我投稿") || strings.Contains(a.Title, "企业入驻") {
				t.Errorf("the footer is an article: %s", a.Title)
			}
		}
	}
}

// The samples show what Broadsheet does: every theme in both languages, and
// articles that belong under none.
func TestSamplesComeUnderTheirThemes(t *testing.T) {
	cfg, articles := samples(t)
	c, err := cfg.Classifier()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"鹤洲港二期码头交付":       "infrastructure",
		"澄江银行推出订单贷":       "finance",
		"白鹭新材光学膜工厂投产":     "industry",
		"过江隧道南段盾构始发":      "infrastructure",
		"江城三季度技改投资":       "industry",
		"市产业基金完成首期募集":     "finance",
		"北渡区上游泵站改造完工":     "infrastructure",
		"远汀船舶交付首艘纯电动":     "industry",
		"江城外贸企业本周起":       "finance",
		"老城里弄影像展开幕":       "",
		"Saltmere opens":  "infrastructure",
		"Estuary Savings": "finance",
		"Tidewright":      "industry",
		"Rail bridge":     "infrastructure",
		"Museum of Small": "",
		"Insurer Kestrel": "finance",
		"Chip packager":   "industry",
		"Water works":     "infrastructure",
		"Harbour bond":    "finance",
		"Shipyard":        "industry",
		"Copper futures":  "finance",
		"两江交易所债券":         "finance",
		"青禾农机":            "industry",
		"Toll road":       "infrastructure",
		"两江轨道六号线":         "infrastructure",
		"Exchange choir":  "",
	}
	found := 0
	for name, list := range articles {
		for i := range list {
			a := &list[i]
			a.Analysis = c.Classify(a, nil)
			for title, theme := range want {
				if !strings.HasPrefix(a.DisplayTitle(), title) {
					continue
				}
				found++
				if got := a.Primary(); got != theme {
					t.Errorf("%s: %s is filed under %q first, want %q: %v", name, a.Title, got, theme, a.Filings)
				}
			}
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d articles were found", found, len(want))
	}
}

// The example for PostgreSQL and a mail server is one that works.
func TestPostgresExampleIsGood(t *testing.T) {
	text, err := os.ReadFile("../../examples/postgres.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "smtp.password"), "secret\n", 0o600)
	cfg, err := config.Parse(filepath.Join(dir, "postgres.yaml"), text, func(name string) (string, bool) {
		return "p%40ss", name == "BROADSHEET_DB_PASSWORD"
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "postgres://broadsheet:p%40ss@db.example.com/broadsheet?sslmode=verify-full"; cfg.Store.Database != want {
		t.Errorf("database = %s, want %s", cfg.Store.Database, want)
	}
	if cfg.Mail.Transport != "smtp" || cfg.Mail.SMTP.Password != "secret" {
		t.Errorf("mail = %+v", cfg.Mail)
	}
}
