package compose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/syndicate"
)

// told by returns a story that sources tell, the article of a key first.
func toldBy(key string, sources ...string) *syndicate.Story {
	s := &syndicate.Story{ID: key}
	for i, name := range sources {
		t := syndicate.Telling{Key: fmt.Sprintf("%s-%d", key, i), Source: name}
		if i == 0 {
			t.Key = key
		}
		s.Tellings = append(s.Tellings, t)
	}
	return s
}

func money(text, unit string, normalised float64) syndicate.Figure {
	return syndicate.Figure{Text: text, BaseUnit: unit, Normalised: normalised}
}

func TestImportance(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for _, tt := range []struct {
		name   string
		change func(*syndicate.Article)
		story  *syndicate.Story
		want   string
	}{
		{"nothing much", func(*syndicate.Article) {}, nil, "1.3: fits finance 0.5, fresh 0.8"},
		{"seen at the end of what the edition covers", func(a *syndicate.Article) { a.FirstSeen = monday() }, nil, "1.5: fits finance 0.5, fresh 1.0"},
		{"two sources", func(*syndicate.Article) {}, toldBy("x", "bank", "port"), "3.3: 2 sources 2.0, fits finance 0.5, fresh 0.8"},
		{"one source telling it three times", func(*syndicate.Article) {}, toldBy("x", "bank", "bank", "bank"), "1.3: fits finance 0.5, fresh 0.8"},
		{"sixteen sources", func(*syndicate.Article) {}, toldBy("x", strings.Fields("bank b c d e f g h i j k l m n o p")...), "7.3: 16 sources 6.0, fits finance 0.5, fresh 0.8"},
		{"a share", func(a *syndicate.Article) { a.Figures = []syndicate.Figure{money("3%", "%", 3)} }, nil, "2.3: 3% 1.0, fits finance 0.5, fresh 0.8"},
		{"money", func(a *syndicate.Article) {
			a.Figures = []syndicate.Figure{money("3%", "%", 3), money("1.2亿元", "元", 1.2e8), money("5万元", "元", 5e4)}
		}, nil, "3.3: 1.2亿元 2.0, fits finance 0.5, fresh 0.8"},
		{"much money", func(a *syndicate.Article) { a.Figures = []syndicate.Figure{money("$12bn", "USD", 1.2e10)} }, nil, "4.3: $12bn 3.0, fits finance 0.5, fresh 0.8"},
		{"much money of little worth", func(a *syndicate.Article) { a.Figures = []syndicate.Figure{money("₩12bn", "KRW", 1.2e10)} }, nil, "2.3: ₩12bn 1.0, fits finance 0.5, fresh 0.8"},
		{"it fits well", func(a *syndicate.Article) { a.Filings = []syndicate.Filing{filing("finance", 9)} }, nil, "2.8: fits finance 2.0, fresh 0.8"},
		{"an editor said so", func(a *syndicate.Article) {
			a.Filings = []syndicate.Filing{{Theme: "finance", Threshold: 1, Editor: true}}
		}, nil, "2.8: fits finance 2.0, fresh 0.8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := article("bank", "x", "标题", "摘要。", week, filing("finance", 1))
			tt.change(&a)
			s := &store{articles: []syndicate.Article{a}, stories: map[string]*syndicate.Story{"x": tt.story}}
			e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
			if err != nil || len(e.Items()) != 1 {
				t.Fatalf("%d items, %v", len(e.Items()), err)
			}
			if it := e.Items()[0]; it.Why != tt.want || !strings.HasPrefix(it.Why, fmt.Sprintf("%.1f: ", it.Score)) {
				t.Errorf("%.1f %q, want %q", it.Score, it.Why, tt.want)
			}
		})
	}
}

func TestTheMostImportantComesFirst(t *testing.T) {
	a := article("bank", "told-by-four", "四家都报", "一。", 6*24*time.Hour, filing("finance", 1))
	b := article("port", "large", "大额", "二。", 5*24*time.Hour, filing("finance", 1))
	b.Figures = []syndicate.Figure{money("300亿元", "元", 3e10)}
	c := article("gazette", "new", "刚来", "三。", time.Hour, filing("finance", 1))
	s := &store{articles: []syndicate.Article{c, b, a}, stories: map[string]*syndicate.Story{a.Key: toldBy(a.Key, "bank", "w", "x", "y")}}
	d := weekly()
	d.MaxPerTheme = 2
	e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]string{"finance": {"told-by-four", "large"}}, told(e)); diff != "" {
		t.Error(diff)
	}
}

// flood is n articles of a source, each newer than the one before.
func flood(source string, n int) []syndicate.Article {
	var out []syndicate.Article
	for i := range n {
		out = append(out, article(source, fmt.Sprintf("%s%02d", source, i), fmt.Sprintf("%s %d", source, i), "x", time.Duration(n-i)*time.Minute, filing("finance", 1)))
	}
	return out
}

func sources(e *mailer.Edition) map[string]int {
	out := map[string]int{}
	for _, it := range e.Items() {
		out[it.Source]++
	}
	return out
}

func TestOneSourceCannotFillASection(t *testing.T) {
	for _, tt := range []struct {
		name     string
		articles []syndicate.Article
		room     int
		want     map[string]int
		more     int
	}{
		{"beside few others", append(flood("port", 80), flood("bank", 3)...), 10, map[string]int{"江城港务": 5, "江城金融观察": 3}, 75},
		{"beside many others", append(flood("port", 80), flood("bank", 30)...), 10, map[string]int{"江城港务": 5, "江城金融观察": 5}, 100},
		{"alone", flood("port", 80), 10, map[string]int{"江城港务": 10}, 70},
		{"an odd number of places", append(flood("port", 9), flood("bank", 1)...), 3, map[string]int{"江城港务": 2, "江城金融观察": 1}, 7},
		{"one place", append(flood("port", 9), flood("bank", 1)...), 1, map[string]int{"江城金融观察": 1}, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := weekly()
			d.MaxPerTheme = tt.room
			e, err := composer(&store{articles: tt.articles}).Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, sources(e)); diff != "" || e.Sections[0].More != tt.more {
				t.Errorf("%d more (-want +got):\n%s", e.Sections[0].More, diff)
			}
		})
	}
}

// What there was no room for comes in the next edition if there is room then,
// is counted once, and does not come after that.
func TestLeftOversCarryOver(t *testing.T) {
	p := newPress(t, "0 8 * * *", local("2026-11-02 00:00"))
	p.d.MaxPerTheme = 2
	x := p.person(mailer.Rhythm{}, mailer.Selection{})
	chooser := p.person(mailer.Rhythm{}, mailer.Selection{Query: "rare"})
	step := func(day int, texts ...string) {
		for _, text := range texts {
			p.see("finance", text)
			p.now = p.now.Add(time.Minute)
		}
		p.until(t, local(fmt.Sprintf("2026-11-%02d 12:00", day)))
	}
	step(2, "loan rare", "loan", "loan", "loan", "loan", "loan", "loan") // n1 to n7
	step(3, "loan")                                                      // n8
	step(4)
	step(5, "loan") // n9
	want := []letter{
		{p.editions[0].Created, []string{"n7", "n6"}, 5},
		{p.editions[1].Created, []string{"n8", "n4"}, 0}, // n5 is of n8's source; what is left was counted before
		{p.editions[3].Created, []string{"n9"}, 0},
	}
	if diff := cmp.Diff(want, x.got, cmp.AllowUnexported(letter{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.editions[2].Skipped == "" {
		t.Error("an edition of what was left out twice")
	}
	if why := p.editions[1].Items()[1].Why; !strings.HasSuffix(why, "the edition before had no room for it") {
		t.Errorf("carried over because %q", why)
	}
	// A variant had room for it at once, and does not tell it again.
	if want := []letter{{p.editions[0].Created, []string{"n1"}, 0}}; !cmp.Equal(want, chooser.got, cmp.AllowUnexported(letter{})) {
		t.Errorf("who asked for it got %v", chooser.got)
	}
}

func TestOnlyWhatIsImportant(t *testing.T) {
	p := newPress(t, "0 8 * * *", local("2026-11-02 00:00"))
	x := p.person(mailer.Rhythm{Frequency: mailer.Important}, mailer.Selection{})
	other := p.person(mailer.Rhythm{Frequency: mailer.Important, Hour: mailer.HourOf(18)}, mailer.Selection{Query: "bond"})
	p.see("finance", "loan")
	p.until(t, local("2026-11-02 12:00"))
	key := p.see("finance", "bond")
	p.see("finance", "loan")
	p.see("industry", "loan")
	p.stories = map[string]*syndicate.Story{key: toldBy(key, "port", "b", "c", "d", "e", "f", "g", "h")}
	p.until(t, local("2026-11-04 12:00"))
	want := []letter{{p.editions[1].Created, []string{key}, 1}}
	if diff := cmp.Diff(want, x.got, cmp.AllowUnexported(letter{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := []letter{{local("2026-11-03 18:00"), []string{key}, 0}}; !cmp.Equal(want, other.got, cmp.AllowUnexported(letter{}), cmp.Comparer(time.Time.Equal)) {
		t.Errorf("who chose and has an hour got %v", other.got)
	}
	var empty []string
	for _, v := range p.editions[0].Variants {
		empty = append(empty, v.Empty)
	}
	if want := []string{"nothing important among what they chose", "nothing important among what they chose"}; !cmp.Equal(want, empty) {
		t.Errorf("the first edition: %q", empty)
	}
}
