package classify_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
)

// A pair is two tellings with whether they tell the same.
type pair struct {
	ID, Lang, Type string
	A, B           struct{ Title, Lead string }
	Duplicate      bool
}

func (p pair) judge(s *classify.Tellings) syndicate.Verdict {
	return s.Same(syndicate.Telling{Title: p.A.Title, Lead: p.A.Lead, Language: p.Lang}, syndicate.Telling{Title: p.B.Title, Lead: p.B.Lead, Language: p.Lang})
}

// readPairs returns the pairs of a file of testdata, such as stories_zh: each
// telling with the one that begins its group, and those that tell the same with
// all others.
func readPairs(t testing.TB, set, lang string) []pair {
	t.Helper()
	name := set + "_" + lang + ".txt"
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	type telling struct {
		kind        string
		same        bool
		title, lead string
	}
	var out []pair
	var group []telling
	add := func(a, b telling) {
		p := pair{Lang: lang, Type: b.kind, Duplicate: a.same && b.same}
		p.A.Title, p.A.Lead, p.B.Title, p.B.Lead = a.title, a.lead, b.title, b.lead
		out = append(out, p)
	}
	flush := func() {
		for i, a := range group {
			for _, b := range group[i+1:] {
				if a.same {
					add(a, b)
				} else if b.same {
					add(b, a)
				}
			}
		}
		group = nil
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		mark, rest := line[0], strings.TrimSpace(line[1:])
		x := telling{same: mark != '-'}
		if mark == '=' {
			flush()
		} else if kind, after, ok := strings.Cut(rest, ": "); ok {
			x.kind, rest = kind, after
		}
		var ok bool
		if x.title, x.lead, ok = strings.Cut(rest, " | "); !ok {
			t.Fatalf("%s: no lead in %q", name, line)
		}
		group = append(group, x)
	}
	flush()
	return out
}

// openPairs returns the labelled pairs of the shared corpus.
func openPairs(t testing.TB) []pair {
	t.Helper()
	data, err := os.ReadFile(shared(t, "duplicates_dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []pair
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func tellings(t testing.TB) *classify.Tellings {
	t.Helper()
	s, err := classify.NewTellings()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
