package classify_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// lessons are examples that teach money by 贷 and loan, making by 厂 and mill.
func lessons() []classify.Example {
	var out []classify.Example
	for _, l := range []struct {
		titles []string
		themes []string
	}{
		{[]string{"张家贷到款", "李家贷到款", "王家贷到款", "赵家贷到款", "a loan for Ann", "a loan for Bob", "a loan for Cyd", "a loan for Dan"}, []string{"money"}},
		{[]string{"张家开厂房", "李家开厂房", "王家开厂房", "赵家开厂房", "a mill for Ann", "a mill for Bob", "a mill for Cyd", "a mill for Dan"}, []string{"making"}},
		{[]string{"张家放风筝", "李家放风筝", "王家放风筝", "赵家放风筝", "a kite for Ann", "a kite for Bob", "a kite for Cyd", "a kite for Dan"}, nil},
	} {
		for _, title := range l.titles {
			out = append(out, classify.Example{Article: &syndicate.Article{Title: title}, Themes: l.themes})
		}
	}
	return out
}

func lessonModel(t *testing.T) *classify.Model {
	t.Helper()
	m, err := classify.Learn(lessons(), classify.LearnOptions{Themes: themes()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheModelPushesAndPulls(t *testing.T) {
	weak := themes()
	for i := range weak {
		weak[i].Terms = append(weak[i].Terms, syndicate.Term{Text: "ann", Weight: 0.6}, syndicate.Term{Text: "张家", Weight: 0.6})
	}
	m, err := classify.Learn(lessons(), classify.LearnOptions{Themes: weak})
	if err != nil {
		t.Fatal(err)
	}
	sports := append(slices.Clone(weak), syndicate.Theme{ID: "sports", Threshold: 0.5, Terms: []syndicate.Term{{Text: "kite", Weight: 1}}})
	own := slices.Clone(weak)
	own[0].Terms = append(slices.Clone(own[0].Terms), syndicate.Term{Text: "kite", Weight: 1})
	raised := slices.Clone(weak)
	raised[0].Threshold = 1.3
	heavier := slices.Clone(weak)
	heavier[0].Terms = slices.Clone(heavier[0].Terms)
	heavier[0].Terms[len(heavier[0].Terms)-2].Weight = 1.1
	for _, x := range []struct {
		why    string
		themes []syndicate.Theme
		title  string
		want   []string // themes filed under
	}{
		{"a near miss is pushed over", weak, "Ann took a loan", []string{"money"}},
		{"in Chinese too", weak, "张家贷到款", []string{"money"}},
		{"a model that is not sure files nothing by itself", weak, "Eve took a mill loan", nil},
		{"one that is sure does", weak, "a loan for Eve", []string{"money"}},
		{"but not over a threshold that is raised", raised, "a loan for Eve", nil},
		{"a weak hit is pulled under", weak, "Eve has a bank kite, a kite", nil},
		{"a theme that was not learnt has the rules alone", sports, "a kite for Ann", []string{"sports"}},
		{"what the operator added is not pulled under", own, "a kite for Eve", []string{"money"}},
		{"nor what the operator weighs otherwise", heavier, "a kite for Ann", []string{"money"}},
	} {
		a := withModel(t, x.themes, m).Classify(&syndicate.Article{Title: x.title}, nil)
		var got []string
		for _, f := range a.Filings {
			got = append(got, f.Theme)
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s%q", x.why, diff, hits(a))
		}
	}
}

func TestTheModelsPartIsInTheReason(t *testing.T) {
	c := withModel(t, themes(), lessonModel(t))
	a := c.Classify(&syndicate.Article{Title: "银行: a loan for Ann"}, nil)
	if len(a.Filings) != 1 || !strings.HasPrefix(a.Filings[0].Reason(), "money 2.2 ≥ 1.0: 银行 (title); model +1.2") {
		t.Errorf("reasons %q", hits(a))
	}
	if f := a.Filings[0]; f.Model <= 0 || f.Score != 1+f.Model {
		t.Errorf("score %v, of it by the model %v", f.Score, f.Model)
	}
	learnt := c.Explain(&syndicate.Article{Title: "a loan for Ann"}, "money", 3)
	if len(learnt) != 3 || learnt[0].Score <= 0 || !strings.Contains(learnt[0].Gram, "loa") && !strings.Contains(learnt[0].Gram, "oan") {
		t.Errorf("explained by %+v", learnt)
	}
	if got := c.Explain(&syndicate.Article{Title: "a loan"}, "sports", 3); got != nil {
		t.Errorf("a theme it does not know is explained by %+v", got)
	}
}

func TestLearnIsReproducible(t *testing.T) {
	from := examples(readLabelled(t, "training.jsonl"))
	first := learn(t, from, shippedThemes(t)).Text()
	if !bytes.Equal(first, learn(t, from, shippedThemes(t)).Text()) {
		t.Error("the same examples gave another model")
	}
	m, err := classify.ParseModel(first)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, m.Text()) {
		t.Error("reading and writing changed the model")
	}
}

// TestDefaultModelIsReproducible trains the model that is shipped again, as
// docs/themes.md says.
func TestDefaultModelIsReproducible(t *testing.T) {
	from := slices.Concat(readLabelled(t, shared(t, "dev.jsonl")), readLabelled(t, "training.jsonl"), readLabelled(t, "testdata/own.jsonl"))
	want, err := os.ReadFile("model.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := learn(t, examples(from), shippedThemes(t)).Text(); !bytes.Equal(got, want) {
		t.Errorf("model.txt (%d bytes) is not what is learnt (%d bytes) from these terms and articles; train it again as docs/themes.md says", len(want), len(got))
	}
}

func TestDefaultModelHoldsNoSentences(t *testing.T) {
	m, err := classify.DefaultModel()
	if err != nil {
		t.Fatal(err)
	}
	text := m.Text()
	if len(text) > 400<<10 {
		t.Errorf("the model has %d KB", len(text)>>10)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[6:] {
		gram, _, _ := strings.Cut(line, "\t")
		if words := strings.Fields(gram); len(words) > 2 || len([]rune(gram)) > 49 || gram[0] >= 0xE0 && len([]rune(gram)) > 2 {
			t.Errorf("gram %d is longer than two words or characters: %q", i, gram)
		}
	}
}

func TestLearnFromABase(t *testing.T) {
	base := lessonModel(t)
	more := []classify.Example{{Article: &syndicate.Article{Title: "a kite for Ann"}, Themes: []string{"money"}}}
	more = append(more, more...)
	m, err := classify.Learn(more, classify.LearnOptions{Themes: themes(), Base: base})
	if err != nil {
		t.Fatal(err)
	}
	part := func(m *classify.Model, title string) float64 {
		silent := speechless(themes())
		for i := range silent {
			silent[i].Threshold = 0.001
		}
		for _, f := range withModel(t, silent, m).Classify(&syndicate.Article{Title: title}, nil).Filings {
			if f.Theme == "money" {
				return f.Model
			}
		}
		return 0
	}
	if before, after := part(base, "a kite for Ann"), part(m, "a kite for Ann"); after <= before {
		t.Errorf("the correction moved the part from %v to %v", before, after)
	}
	if before, after := part(base, "a loan for Dan"), part(m, "a loan for Dan"); before <= 0 || after <= 0 {
		t.Errorf("what the base knew went from %v to %v", before, after)
	}
}

func TestLearnSaysWhatIsMissing(t *testing.T) {
	for _, x := range []struct {
		why  string
		from []classify.Example
		want string
	}{
		{"nothing", nil, "no theme has the 8 examples that learning needs"},
		{"an unknown theme", []classify.Example{{Article: &syndicate.Article{}, Themes: []string{"sports"}}}, `example 1: theme "sports" is not in the configuration`},
	} {
		if _, err := classify.Learn(x.from, classify.LearnOptions{Themes: themes()}); err == nil || err.Error() != x.want {
			t.Errorf("%s: %v, want %s", x.why, err, x.want)
		}
	}
}

func TestFingerprintNamesTheModel(t *testing.T) {
	rules, both := newClassifier(t, themes()), withModel(t, themes(), lessonModel(t))
	if rules.Fingerprint() == both.Fingerprint() {
		t.Error("with a model the fingerprint is the same")
	}
	if both.Fingerprint() != withModel(t, themes(), lessonModel(t)).Fingerprint() {
		t.Error("the same model has another fingerprint")
	}
}

func TestOpenModel(t *testing.T) {
	if m, err := classify.OpenModel(classify.NoModel); m != nil || err != nil {
		t.Errorf("none is %v, %v", m, err)
	}
	if m, err := classify.OpenModel(""); err != nil || len(m.Themes()) != 3 {
		t.Errorf("the default: %v, %v", m, err)
	}
	if _, err := classify.OpenModel("no such file"); err == nil {
		t.Error("a file that is not there was opened")
	}
}

func FuzzParseModel(f *testing.F) {
	m, err := classify.Learn(lessons(), classify.LearnOptions{Themes: themes()})
	if err != nil {
		f.Fatal(err)
	}
	text := string(m.Text())
	f.Add(text)
	f.Add(strings.Replace(text, "\t", " ", 1))
	f.Add(strings.Replace(text, "themes money making", "themes", 1))
	f.Add(text[:100])
	f.Add("broadsheet themes 1\nthemes a a\narticles -1\nbias han 1 2\nbias latin 9999999999 2\nbeside 0011\nx\t1 1 1\n")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := classify.ParseModel([]byte(s))
		if err != nil {
			return
		}
		withModel(t, themes(), m).Classify(&syndicate.Article{Title: s, Text: s}, nil)
	})
}
