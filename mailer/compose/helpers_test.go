package compose_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/syndicate"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// A store keeps everything in memory, by the contract of compose.Store.
type store struct {
	articles  []syndicate.Article
	editions  []mailer.Edition
	stories   map[string]*syndicate.Story
	saved     []mailer.Delivery
	next      time.Time
	since     []time.Time // of every call of Fresh
	audiences []mailer.Audience
	people    []*person // make up the audiences where there are any
	rival     func()    // runs before an edition is saved
	broken    error
}

func (s *store) LastEdition(_ context.Context, digest string) (mailer.Edition, error) {
	return s.latest(digest, true)
}

func (s *store) LastSent(_ context.Context, digest string) (mailer.Edition, error) {
	return s.latest(digest, false)
}

func (s *store) latest(digest string, skipped bool) (mailer.Edition, error) {
	for _, e := range slices.Backward(s.editions) {
		if e.Digest == digest && (skipped || e.Skipped == "") {
			e.HTML, e.Text, e.Sections = "", "", nil
			return e, s.broken
		}
	}
	if s.broken != nil {
		return mailer.Edition{}, s.broken
	}
	return mailer.Edition{}, fmt.Errorf("last edition of %s: %w", digest, syndicate.ErrNotFound)
}

func (s *store) Fresh(ctx context.Context, digest string, q syndicate.Query, upTo int64, since, until time.Time) ([]syndicate.Article, error) {
	s.since = append(s.since, since)
	told, _ := s.Mailed(ctx, digest, nil)
	var out []syndicate.Article
	for _, a := range s.articles {
		id, ok := told.All[a.Key]
		if (!ok || id > upTo) && a.FirstSeen.After(since.Add(-time.Hour)) && !a.FirstSeen.After(until) && q.Match(&a, until) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (s *store) LastEditions(_ context.Context, digest string, limit int) ([]mailer.Edition, error) {
	var out []mailer.Edition
	for _, e := range slices.Backward(s.editions) {
		if e.Digest == digest && e.Skipped == "" && len(out) < limit {
			e.HTML, e.Text = "", ""
			out = append(out, e)
		}
	}
	return out, s.broken
}

// Mailed tells of all keys.
func (s *store) Mailed(_ context.Context, digest string, _ []string) (mailer.Told, error) {
	told := mailer.Told{All: map[string]int64{}, To: map[string]map[string]int64{}}
	for _, e := range s.editions {
		if e.Digest != digest {
			continue
		}
		for _, it := range e.Items() {
			if _, ok := told.All[it.Key]; !ok {
				told.All[it.Key] = e.ID
			}
		}
		for _, v := range e.Variants {
			for _, sec := range v.Sections {
				for _, it := range sec.Items {
					if told.To[v.Wish()] == nil {
						told.To[v.Wish()] = map[string]int64{}
					}
					if _, ok := told.To[v.Wish()][it.Key]; !ok {
						told.To[v.Wish()][it.Key] = e.ID
					}
				}
			}
		}
	}
	return told, nil
}

func (s *store) StoriesOf(_ context.Context, keys []string) (map[string]*syndicate.Story, error) {
	of := map[string]*syndicate.Story{}
	for _, k := range keys {
		if s.stories[k] != nil {
			of[k] = s.stories[k]
		}
	}
	return of, s.broken
}

func (s *store) SaveEdition(_ context.Context, e *mailer.Edition, ds []mailer.Delivery, next time.Time) error {
	if s.rival != nil {
		s.rival()
		s.rival = nil
	}
	number := 1
	for _, old := range s.editions {
		if old.Digest == e.Digest && old.At.Equal(e.At) {
			return fmt.Errorf("edition of %s: %w", e.Digest, mailer.ErrExists)
		}
		if old.Digest == e.Digest && old.Skipped == "" {
			number++
		}
	}
	e.ID = int64(len(s.editions) + 1)
	if e.Skipped == "" {
		e.Number = number
		e.SetNumber(number)
	}
	s.editions = append(s.editions, *e)
	s.saved = append(s.saved, ds...)
	s.deliver(e)
	s.next = next
	return nil
}

var shanghai = time.FixedZone("CST", 8*3600)

// monday is when the sample edition is due.
func monday() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, shanghai) }

func themes() []syndicate.Theme {
	return []syndicate.Theme{
		{ID: "finance", Title: map[string]string{"zh-Hans": "金融", "en": "Finance"}},
		{ID: "industry", Title: map[string]string{"zh-Hans": "产业", "en": "Industry"}},
		{ID: "infrastructure", Title: map[string]string{"zh-Hans": "基础设施", "en": "Infrastructure"}},
	}
}

func weekly() mailer.Digest {
	return mailer.Digest{
		Name: "weekly", Title: "一周产经", Location: shanghai, Language: "zh-Hans",
		Themes: []string{"finance", "industry", "infrastructure"}, MaxPerTheme: 10,
		To: []string{"reader@example.org", "Second Reader <second@example.org>", "READER@example.org"},
	}
}

// composer returns one whose clock stands a minute after the edition is due.
func composer(s *store) *compose.Composer {
	return &compose.Composer{
		Site:    syndicate.Site{Title: "江城产经", URL: "https://news.example.com", Language: "zh-Hans", Location: shanghai, Contact: "editor@example.com"},
		Themes:  themes(),
		Sources: []syndicate.Source{{Name: "port", Title: "江城港务"}, {Name: "bank", Title: "江城金融观察"}, {Name: "gazette", Title: "River Gazette"}},
		From:    "江城产经 <digest@news.example.com>",
		Store:   s,
		Next: func(_ mailer.Digest, after time.Time) time.Time {
			return after.Truncate(time.Hour).Add(7 * 24 * time.Hour)
		},
		Now: func() time.Time { return monday().Add(time.Minute) },
	}
}

func article(source, key, title, gist string, seen time.Duration, filings ...syndicate.Filing) syndicate.Article {
	return syndicate.Article{
		Key: key, ID: "tag:example.com,2026-11-20:" + key, Source: source, Title: title,
		URL: "https://" + source + ".example.com/" + key, Language: "zh-Hans",
		Published: monday().Add(-seen - 10*time.Hour), FirstSeen: monday().Add(-seen),
		Analysis: syndicate.Analysis{Gist: gist, Filings: filings},
	}
}

func filing(theme string, score float64) syndicate.Filing {
	return syndicate.Filing{Theme: theme, Score: score, Threshold: 1, Hits: []syndicate.Hit{{Term: "x", Weight: 1, Count: 1, Where: []string{"title"}, Score: score}}}
}

// amounts returns figures; of some texts it knows what they mean.
func amounts(texts ...string) []syndicate.Figure {
	known := map[string]syndicate.Figure{
		"24亿元": {Normalised: 24e8, BaseUnit: "元"}, "五百万元": {Normalised: 5e6, BaseUnit: "元"}, "8亿元": {Normalised: 8e8, BaseUnit: "元"},
		"12亿元": {Normalised: 12e8, BaseUnit: "元"}, "$12m": {Normalised: 12e6, BaseUnit: "USD"}, "三成": {Normalised: 0.3, BaseUnit: "ratio"},
		"12吉瓦时": {Normalised: 12, BaseUnit: "吉瓦时"},
	}
	var out []syndicate.Figure
	for _, s := range texts {
		f := known[s]
		f.Text = s
		out = append(out, f)
	}
	return out
}

// sample is a week's news, all made up.
func sample() []syndicate.Article {
	day := 24 * time.Hour
	loan := article("bank", "a1", "城商行新设科创支行，首批授信二十四亿元", "支行专为初创企业办理信用贷款，单户最高五百万元。首批六十家企业签约，授信合计24亿元，其中三成用于购置设备。", day, filing("finance", 3.2), filing("industry", 1.4))
	loan.Figures, loan.Places = amounts("24亿元", "五百万元", "三成"), []string{"滨江区"}
	bond := article("bank", "a2", "【金融周报】地铁公司发行绿色债券8亿元", "债券期限五年，票面利率2.35%，募集资金用于八号线二期车辆采购。", 2*day, filing("finance", 2.1))
	bond.Figures = amounts("8亿元", "2.35%")
	rate := article("gazette", "a3", "Lenders cut small-firm rates to 3.1%", "Four regional lenders lowered rates for small firms on Friday. The cut is worth about $12m a year to borrowers.", 3*day, filing("finance", 1.9))
	rate.Language, rate.Figures = "en", amounts("3.1%", "$12m")
	plant := article("port", "a4", "动力电池工厂一期投产，年产能12吉瓦时", "工厂占地680亩，一期两条产线已经下线首批电芯。二期计划明年三月开工。", day, filing("industry", 4.0))
	plant.Figures, plant.Places = amounts("12吉瓦时", "680亩"), []string{"东湖新区", "江南镇"}
	undated := article("port", "a5", "机床企业联合成立出口联盟", "十七家企业共用海外仓与售后网点，首单销往东南亚。", 4*day, filing("industry", 1.2))
	undated.Inferred = true
	berth := article("port", "a6", "码头二期投产，年吞吐能力达到八十万标箱", "二期新增三个泊位和一条铁路专用线，集装箱由此可以直接换装中欧班列。", day, filing("infrastructure", 3.6), filing("industry", 1.1))
	berth.Figures, berth.URL = amounts("八十万标箱"), "file:///srv/port.txt"
	old := article("port", "a7", "跨江隧道贯通", "隧道全长5.4公里，预计明年六月通车，过江时间由四十分钟缩短到八分钟。", 5*day, filing("infrastructure", 2.2))
	old.Published = time.Date(2025, 12, 30, 9, 0, 0, 0, shanghai)
	other := article("gazette", "a8", "Village choir wins prize", "It has nothing to do with business.", day)
	return []syndicate.Article{other, old, bond, berth, undated, plant, rate, loan}
}

func (s *store) Audiences(context.Context, string) ([]mailer.Audience, error) {
	audiences := slices.Clone(s.audiences)
	for _, p := range s.people {
		i := slices.IndexFunc(audiences, p.among)
		if i < 0 {
			i = len(audiences)
			audiences = append(audiences, mailer.Audience{Selection: p.Selection, Rhythm: p.Rhythm, PausedUntil: p.paused, Last: p.last})
		}
		audiences[i].Subscribers++
	}
	return audiences, s.broken
}

// A person is a subscriber with the mail that came.
type person struct {
	mailer.Selection
	mailer.Rhythm
	paused string
	last   mailer.Mark
	got    []letter

	changed int // how many came before the rhythm is what it is
}

// A letter is a mail as its reader sees it.
type letter struct {
	at   time.Time // when it is sent
	keys []string
	more int
}

func (p *person) among(a mailer.Audience) bool {
	return cmp.Equal(p.Selection, a.Selection) && p.Rhythm == a.Rhythm && p.paused == a.PausedUntil && p.last == a.Last
}

// deliver does for people what the contract of SaveEdition says.
func (s *store) deliver(e *mailer.Edition) {
	for _, p := range s.people {
		i := slices.IndexFunc(e.Shares, func(sh mailer.Share) bool { return p.among(sh.Audience) })
		if i < 0 || e.Skipped != "" {
			continue
		}
		share := e.Shares[i]
		if k := share.Keep; k != nil {
			p.last = mailer.Mark{}
			for _, old := range s.editions {
				if old.ID == k.Edition || k.This && old.ID == e.ID {
					p.last = old.Mark()
				}
			}
		}
		sections := e.Sections
		if share.Variant >= 0 {
			if sections = e.Variants[share.Variant].Sections; e.Variants[share.Variant].Empty != "" {
				continue
			}
		}
		if share.Wait != "" {
			continue
		}
		l := letter{at: e.Created}
		if !share.SendAt.IsZero() {
			l.at = share.SendAt
		}
		for _, sec := range sections {
			l.more += sec.More
			for i := range sec.Items {
				l.keys = append(l.keys, sec.Items[i].Key)
			}
		}
		p.got = append(p.got, l)
	}
}

// message returns the mail that brings an edition to a recipient.
func message(e *mailer.Edition, d mailer.Delivery, from, contact string) mailer.Message {
	s := mailer.Sender{From: from, Contact: contact}
	return s.Message(e, e.Body(d.Variant), d)
}
