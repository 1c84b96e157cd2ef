package compose_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
)

// notices returns n notices about sources that fail.
func notices(n int) func(context.Context) ([]mailer.Notice, error) {
	var out []mailer.Notice
	for i := range n {
		out = append(out, mailer.Notice{
			ID: fmt.Sprint(i), Title: fmt.Sprintf("江城港务 %d: failed", i), Text: "https://port.example/<feed>: the server answers 500; wait",
			Link: "https://port.example/feed", At: monday().Add(-48 * time.Hour),
		})
	}
	return func(context.Context) ([]mailer.Notice, error) { return out, nil }
}

func TestADigestForOperators(t *testing.T) {
	for name, tt := range map[string]struct {
		language         string
		articles         bool
		n                int
		subject          string
		html, text, gone []string
	}{
		"Chinese, with news": {
			"zh-Hans", true, 2, "一周产经 11月23日：金融3 产业2 基础设施2",
			[]string{"需要处理<span", "（2）", `<a class="link" href="https://port.example/feed"`, "自11月21日起", "https://port.example/&lt;feed&gt;: the server"},
			[]string{"需要处理（2）", " -  江城港务 1: failed", "    https://port.example/<feed>: the server answers 500; wait"},
			nil,
		},
		"English, nothing but notices": {
			"en", false, 1, "一周产经, 23 Nov: 1 notice", []string{"Needs the operator<span", " (1)", "since 21 November"}, []string{"Needs the operator (1)"}, []string{"In this edition"},
		},
		"more than a mail should tell": {
			"en", false, 34, "一周产经, 23 Nov: 34 notices", []string{"4 more, see broadsheet status"}, []string{"4 more, see broadsheet status"}, []string{"江城港务 31"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{}
			if tt.articles {
				s.articles = sample()
			}
			d := weekly()
			d.Operator, d.Language = true, tt.language
			c := composer(s)
			c.Notices = notices(tt.n)
			e, err := c.Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			if e.Subject != tt.subject || !e.Private || e.Skipped != "" {
				t.Errorf("subject %q, private %v, skipped %q", e.Subject, e.Private, e.Skipped)
			}
			for _, want := range tt.html {
				if !strings.Contains(e.HTML, want) {
					t.Errorf("the HTML lacks %q:\n%s", want, e.HTML)
				}
			}
			for _, want := range tt.text {
				if !strings.Contains(e.Text, want) {
					t.Errorf("the text lacks %q:\n%s", want, e.Text)
				}
			}
			for _, no := range tt.gone {
				if strings.Contains(e.HTML+e.Text, no) {
					t.Errorf("the mail has %q", no)
				}
			}
			checkHTML(t, e)
			checkText(t, e)
		})
	}
}

func TestNoticesAreForOperatorsAlone(t *testing.T) {
	c := composer(&store{articles: sample()})
	c.Notices = notices(1)
	e, err := c.Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil || e.Private || strings.Contains(e.HTML+e.Text, "the server answers 500") {
		t.Errorf("a digest for readers tells of a source that fails (%v)", err)
	}
}

func TestADigestForOperatorsWithoutAnything(t *testing.T) {
	c := composer(&store{})
	c.Notices = notices(0)
	d := weekly()
	d.Operator = true
	if e, err := c.Compose(t.Context(), d, monday(), compose.Opts{}); err != nil || e.Skipped == "" {
		t.Errorf("an edition that says nothing is sent: %+v, %v", e, err)
	}
	broken := errors.New("disk is full")
	c.Notices = func(context.Context) ([]mailer.Notice, error) { return nil, broken }
	if _, err := c.Compose(t.Context(), d, monday().Add(time.Hour), compose.Opts{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
