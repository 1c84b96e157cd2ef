package config_test

import (
	"errors"
	"strings"
	"testing"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
)

func applicant() syndicate.ProposedSource {
	return syndicate.ProposedSource{
		Name: "harbour", Title: `Harbour & "Co." ${HOME} # 1`, URL: "https://harbour.example/feed.xml", Kind: syndicate.KindPage, Language: "en",
		Page: syndicate.Selectors{Item: "li > a[href]", Link: "a@href"},
	}
}

// block is the entry of the applicant behind some indentation.
func block(by string) string {
	var b strings.Builder
	for line := range strings.Lines(config.SourceLines(applicant())) {
		b.WriteString(by + line)
	}
	return b.String()
}

const short = `{ name: "harbour", title: "Harbour & \"Co.\" $${HOME} # 1", url: "https://harbour.example/feed.xml", kind: "page", language: "en", page: { item: "li > a[href]", link: "a@href" } }`

// An entry comes behind the others, and nothing else in the file changes.
func TestAddSource(t *testing.T) {
	const wire = "  - name: wire # the first\n    url: https://wire.example/feed.xml\n    match: |\n      port\n"
	for name, c := range map[string]struct{ before, after string }{
		"an empty file":  {"", "sources:\n" + block("  ")},
		"only comments":  {"# mine\n", "# mine\nsources:\n" + block("  ")},
		"no key":         {"listen: :80 # public\n", "listen: :80 # public\nsources:\n" + block("  ")},
		"no line end":    {"listen: :80", "listen: :80\nsources:\n" + block("  ")},
		"an empty key":   {"sources: # none yet\nlisten: :80\n", "sources: # none yet\n" + block("  ") + "listen: :80\n"},
		"empty brackets": {"sources: [ ]\nlisten: :80\n", "sources:\n" + block("  ") + "listen: :80\n"},
		"between others": {
			"# top\nsources:\n" + wire + "  # - name: old\n\n# the port\nlisten: :80\n",
			"# top\nsources:\n" + wire + "  # - name: old\n" + block("  ") + "\n# the port\nlisten: :80\n",
		},
		"at the end": {"sources:\n" + wire + "\n\n", "sources:\n" + wire + block("  ") + "\n\n"},
		"not indented": {
			"sources:\n- { name: wire, url: https://wire.example/ }\n# the port\nlisten: :80\n",
			"sources:\n- { name: wire, url: https://wire.example/ }\n" + block("") + "# the port\nlisten: :80\n",
		},
		"far indented": {
			"sources:\n      - name: wire\n        url: https://wire.example/\nlisten: :80\n",
			"sources:\n      - name: wire\n        url: https://wire.example/\n" + block("      ") + "listen: :80\n",
		},
		"lines of Windows": {
			"sources:\r\n  - name: wire\r\n    url: https://wire.example/\r\n",
			"sources:\r\n  - name: wire\r\n    url: https://wire.example/\r\n" + strings.ReplaceAll(block("  "), "\n", "\r\n"),
		},
		"in brackets": {
			"sources: [{ name: wire, url: https://wire.example/ }] # [one]\nlisten: :80\n", "",
		},
		"in brackets without a note": {
			"sources: [{ name: wire, url: https://wire.example/ }]\n# [x]\nlisten: :80\n",
			"sources: [{ name: wire, url: https://wire.example/ }, " + short + "]\n# [x]\nlisten: :80\n",
		},
		"brackets over lines": {
			"sources: [\n  { name: wire, url: https://wire.example/ }\n]\nlisten: :80\n",
			"sources: [\n  { name: wire, url: https://wire.example/ },\n  " + short + "\n]\nlisten: :80\n",
		},
		"brackets with a last comma": {
			"sources: [\n  { name: wire, url: https://wire.example/ },\n]\n",
			"sources: [\n  { name: wire, url: https://wire.example/ },\n  " + short + "\n]\n",
		},
		"all in braces": {"{ listen: :80, sources: [] }\n", ""},
		"an end of the document": {
			"sources:\n" + wire + "...\n", "sources:\n" + wire + block("  ") + "...\n",
		},
	} {
		got, err := config.AddSource("config.yaml", []byte(c.before), applicant(), func(string) (string, bool) { return "secret", true })
		if c.after == "" {
			if !errors.Is(err, config.ErrNoPlace) {
				t.Errorf("%s: %v, text\n%s", name, err, got)
			}
			continue
		}
		if err != nil || string(got) != c.after {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, c.after)
		}
	}
}

// Whatever somebody calls itself, its entry says that and nothing else.
func TestQuotedTextIsItself(t *testing.T) {
	for _, title := range []string{
		"a\nlisten: :1", `"\`, "'", "# no", "- x", "{a: b}", "~", "yes", "0x10", "2026-01-01", "${X:-y}", "$${X}", "$", "a\tb", "\u2028", "\u0085x", "\x7f", "\ufeffx",
		"& <b>", "港报 🚢", "%", "@x", "*x", "!!int 3", "|", ">-", "---", "...", " x ", "a\r\nb",
	} {
		p := applicant()
		p.Title = title
		text, err := config.AddSource("config.yaml", []byte("listen: :80\n"), p, func(string) (string, bool) { return "secret", true })
		if err != nil {
			t.Errorf("%q: %v", title, err)
			continue
		}
		if cfg, err := config.Parse("config.yaml", text, func(string) (string, bool) { return "", false }); err != nil || cfg.Sources[0].Title != title {
			t.Errorf("%q: %v\n%s", title, err, text)
		}
	}
}

// A file with mistakes is not touched, and none is made.
func TestAddSourceMakesNoMistakes(t *testing.T) {
	for name, c := range map[string]struct{ before, fault string }{
		"mistakes before": {"lisen: :80\n", "lisen"},
		"no YAML":         {"sources: [\n", "YAML"},
		"the name":        {"sources: [{ name: harbour, url: https://other.example/ }]\n", "harbour"},
		"the address":     {"sources:\n  - { name: other, url: https://harbour.example/feed.xml }\n", "address"},
	} {
		_, err := config.AddSource("config.yaml", []byte(c.before), applicant(), func(string) (string, bool) { return "", false })
		var problems *config.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := applicant()
	bad.Kind = "feed\nlisten: evil"
	if _, err := config.AddSource("config.yaml", nil, bad, func(string) (string, bool) { return "", false }); err == nil {
		t.Error("a kind that is none was taken")
	}
}
