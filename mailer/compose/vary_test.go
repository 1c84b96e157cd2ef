package compose_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
)

func TestEachSelectionIsRenderedOnce(t *testing.T) {
	articles := sample()
	for i := range articles { // queries look at the text
		articles[i].Text = articles[i].Gist
	}
	s := &store{articles: articles, audiences: []mailer.Audience{
		{Subscribers: 900},
		{Selection: mailer.Selection{Themes: []string{"industry"}}, Subscribers: 50},
		{Selection: mailer.Selection{Query: "二期", Language: "en"}, Subscribers: 40},
		{Selection: mailer.Selection{Format: mailer.Text}, Subscribers: 30},
		{Selection: mailer.Selection{Query: "nothing like it"}, Subscribers: 20},
		{Selection: mailer.Selection{Themes: []string{"sport"}}, Subscribers: 10},
		{Selection: mailer.Selection{Query: "(broken"}, Subscribers: 5},
	}}
	e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Variants) != 6 || e.Sender != "江城产经 <digest@news.example.com>" {
		t.Fatalf("%d variants by %q, want one for each selection but the digest's own", len(e.Variants), e.Sender)
	}
	for i, want := range []struct {
		told  map[string][]string
		empty string
	}{
		{map[string][]string{"industry": {"a4", "a1", "a6", "a5"}}, ""},
		{map[string][]string{"finance": {"a2"}, "industry": {"a4"}, "infrastructure": {"a6"}}, ""},
		{told(e), ""},
		{nil, "nothing new among what they chose"},
		{nil, "none of the themes they chose is in this digest any more"},
		{nil, "their query cannot be read any more: "},
	} {
		v := e.Variants[i]
		if diff := cmp.Diff(want.told, told(&mailer.Edition{Sections: v.Sections}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("variant %d (-want +got):\n%s", i, diff)
		}
		if !strings.HasPrefix(v.Empty, want.empty) || (want.empty == "") != (v.Empty == "") {
			t.Errorf("variant %d is empty because of %q, want %q", i, v.Empty, want.empty)
		}
		if v.Empty == "" && (v.Subject == "" || v.Text == "") {
			t.Errorf("variant %d has no subject or text", i)
		}
	}
	if v := e.Variants[1]; v.Language != "en" || !strings.Contains(v.HTML, "In this edition") && !strings.Contains(v.Text, "In this edition") {
		t.Errorf("an English variant says:\n%s", v.Text)
	}
	if v := e.Variants[2]; v.HTML != "" || v.Text != e.Text {
		t.Error("who wants text alone gets HTML, or other text")
	}
}

func TestTrialsHaveNoVariants(t *testing.T) {
	s := &store{articles: sample(), audiences: []mailer.Audience{{Selection: mailer.Selection{Format: mailer.Text}, Subscribers: 1}}}
	e, err := composer(s).Compose(t.Context(), weekly(), monday(), compose.Opts{DryRun: true})
	if err != nil || len(e.Variants) != 0 {
		t.Errorf("%d variants, %v", len(e.Variants), err)
	}
}
