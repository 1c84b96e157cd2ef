package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// A press writes articles like those of feeds, the same ones every time: three
// quarters in Chinese, half of them hundreds of characters long and the rest
// shorter or a few times longer, with words as unequally frequent as those of
// a language. The words of planted stand in a known share of them.
type press struct {
	rnd     *rand.Rand
	zipf    *rand.Zipf
	chinese []string
	english []string
	n       int
	cpu     time.Duration // of this process, in Record
}

// planted are words with the share of articles that hold them in their text.
var planted = []struct {
	word  string
	share float64
}{
	{"港口", 0.3}, {"贷款", 0.05}, {"芯片", 0.01}, {"罕见词", 0.00002}, {"market", 0.3}, {"reservoir", 0.001},
}

const lexicon = 20_000

func newPress() *press {
	p := &press{rnd: rand.New(rand.NewPCG(1, 2))}
	p.zipf = rand.NewZipf(p.rnd, 1.07, 8, lexicon-1)
	syllables := []string{"ba", "con", "der", "el", "fin", "gra", "ho", "in", "ka", "lo", "men", "nor", "o", "per", "qui", "ri", "sta", "tion", "ur", "ven"}
	for range lexicon {
		word := []rune{p.han(), p.han()}
		if p.rnd.IntN(4) == 0 {
			word = append(word, p.han())
		}
		p.chinese = append(p.chinese, string(word))
		var b strings.Builder
		for range 1 + p.rnd.IntN(4) {
			b.WriteString(syllables[p.rnd.IntN(len(syllables))])
		}
		p.english = append(p.english, b.String())
	}
	return p
}

// han returns a character: 2,500 are in use, some more often than others.
func (p *press) han() rune {
	return rune(0x4E00 + int(2500*math.Pow(p.rnd.Float64(), 2))*8)
}

func (p *press) text(chinese bool, characters int) string {
	var b strings.Builder
	for n := 0; n < characters; {
		w := p.english[p.zipf.Uint64()] + " "
		if chinese {
			w = p.chinese[p.zipf.Uint64()]
		}
		b.WriteString(w)
		n += len([]rune(w))
		switch mark := p.rnd.IntN(60); {
		case !chinese:
		case mark < 4:
			b.WriteString("，")
		case mark == 5:
			b.WriteString("。")
		case mark == 6:
			fmt.Fprintf(&b, "%d亿元", p.rnd.IntN(900))
		}
	}
	return b.String()
}

// plant puts the planted words into a text.
func (p *press) plant(text string) string {
	for _, w := range planted {
		if p.rnd.Float64() < w.share {
			at := p.rnd.IntN(len(text) + 1)
			for at < len(text) && !utf8.RuneStart(text[at]) {
				at++
			}
			text = text[:at] + " " + w.word + " " + text[at:]
		}
	}
	return text
}

func (p *press) article(source string, seen time.Time) syndicate.Article {
	p.n++
	key := syndicate.NewKey(source, fmt.Sprint(p.n))
	chinese := p.rnd.IntN(4) > 0
	a := syndicate.Article{
		Key: key, ID: syndicate.NewID("https://example.com", key), Source: source, Hash: key,
		GUID: fmt.Sprint(p.n), URL: "https://example.com/" + key, Language: "zh-Hans", Authors: []string{"李娜"},
		Published: seen.Add(-time.Duration(p.rnd.IntN(7200)) * time.Second), FirstSeen: seen, Changed: seen,
	}
	length := int(250 * math.Exp(0.8*p.rnd.NormFloat64()))
	a.Title, a.Text = p.text(chinese, 18), p.text(chinese, length)
	if !chinese {
		a.Language = "en"
		a.Title, a.Text = p.text(chinese, 55), p.text(chinese, 3*length)
	}
	if a.Text = p.plant(a.Text); p.rnd.IntN(10) == 0 {
		a.Title = p.plant(a.Title)
	}
	a.Content, a.Gist = "<p>"+a.Text+"</p>", string([]rune(a.Text)[:min(60, len([]rune(a.Text)))])
	for i, theme := range []string{"finance", "industry", "infrastructure"} {
		if p.rnd.IntN(4) == i {
			a.Filings = append(a.Filings, syndicate.Filing{Theme: theme, Score: 2, Threshold: 1, Hits: []syndicate.Hit{{Term: "贷款", Weight: 1, Count: 2, Where: []string{"title"}, Score: 2}}})
		}
	}
	if p.rnd.IntN(500) == 0 {
		a.Filings = append(a.Filings, syndicate.Filing{Theme: "ecology", Score: 2, Threshold: 1})
	}
	a.Places = []string{[]string{"武汉", "宜昌", "上海", "Wuhan"}[p.rnd.IntN(4)]}
	a.Figures = []syndicate.Figure{{Text: "1亿元", Value: 1, Unit: "亿元", Normalised: 1e8 * p.rnd.ExpFloat64(), BaseUnit: "元", Bound: "="}}
	return a
}
