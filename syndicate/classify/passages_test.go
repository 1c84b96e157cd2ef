package classify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

// shown writes passages as "zone: text", marked places in brackets.
func shown(passages []syndicate.Passage) []string {
	var all []string
	for _, p := range passages {
		var b strings.Builder
		at := 0
		for _, m := range p.Marks {
			b.WriteString(p.Text[at:m.Start])
			if m.Out {
				fmt.Fprintf(&b, "(%s takes %s)", p.Text[m.Start:m.End], strings.Join(m.Takes, " "))
			} else {
				fmt.Fprintf(&b, "[%s=%s]", p.Text[m.Start:m.End], m.Term)
			}
			at = m.End
		}
		all = append(all, p.Zone+": "+b.String()+p.Text[at:])
	}
	return all
}

func TestPassagesShowWhatThemesFind(t *testing.T) {
	t.Parallel()
	c := newClassifier(t, themes())
	a := &syndicate.Article{
		Title:    "【快讯】金融街旁，銀行与ＡＩ芯片工厂",
		Text:     "Banks met at the River-Bank.\n" + strings.Repeat("今天天气转凉，请添衣。", 20),
		Sections: []syndicate.Section{{Head: "一、贷款", Text: "新增再贷款。"}},
	}
	got := shown(c.Passages(a))
	want := []string{
		"title: (金融街 takes 金融)旁，[銀行=银行]与[ＡＩ芯片=ＡＩ芯片][工厂=工厂]",
		"lead: [Banks=bank] met at the (River-Bank takes bank).\n今天天气转凉，请添衣。今天天气转凉，请添衣。",
		"head: [贷款=贷款]",
		"body: 新增[再贷款=再贷款]。",
	}
	kept := got[:0]
	for _, line := range got {
		if !strings.HasPrefix(line, "body: 今天") {
			kept = append(kept, line)
		}
	}
	if d := cmp.Diff(want, kept); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := c.Passages(&syndicate.Article{}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// FuzzPassages holds that marks are places of the text, in order, and that
// hits count exactly the marks.
func FuzzPassages(f *testing.F) {
	f.Add("银行\xff贷款", "金融街 and the river\nbank\nBANKS plant a tree ＡＩ芯片")
	c := newClassifier(f, themes())
	f.Fuzz(func(t *testing.T, title, text string) {
		a := &syndicate.Article{Title: title, Text: text}
		marks := map[string]int{}
		for _, p := range c.Passages(a) {
			last := 0
			for _, m := range p.Marks {
				if m.Start < last || m.End <= m.Start || m.End > len(p.Text) {
					t.Fatalf("mark %+v in %q", m, p.Text)
				}
				last = m.Start
				if !m.Out {
					marks[m.Theme+" "+m.Term]++
				}
			}
		}
		analysis := c.Classify(a, nil)
		for _, f := range append(analysis.Filings, analysis.NearMisses...) {
			for _, h := range f.Hits {
				if got := marks[f.Theme+" "+h.Term]; got != h.Count {
					t.Errorf("%s: %d marks, %d hits", h.Term, got, h.Count)
				}
			}
		}
	})
}
