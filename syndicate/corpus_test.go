package syndicate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
)

// TestTypographyCases runs over the shared cases when they are there.
func TestTypographyCases(t *testing.T) {
	file := filepath.Join("..", "..", "shared", "corpus", "themes", "typography_cases.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("%s is not here", file)
	}
	var cases struct {
		Cases []struct {
			ID, Kind, Input, Why string
			Limit                int
			Expected             json.RawMessage
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases.Cases {
		var got, want any
		switch c.Kind {
		case "punctuation":
			got, want = syndicate.Typeset(c.Input, ""), new(string)
		case "truncate":
			got, want = syndicate.Truncate(c.Input, c.Limit), new(string)
		case "sentences":
			var list []string
			for _, s := range syndicate.Sentences(c.Input) {
				if !s.Head {
					list = append(list, s.Text)
				}
			}
			got, want = list, new([]string)
		case "nobreak":
			var list []string
			for _, span := range syndicate.Unbroken(c.Input) {
				list = append(list, c.Input[span[0]:span[1]])
			}
			got, want = list, new([]string)
		case "date": // the catalogues' work: templates/dates_test.go
			continue
		default:
			t.Errorf("%s is of an unknown kind, %q", c.ID, c.Kind)
			continue
		}
		ran++
		if err := json.Unmarshal(c.Expected, want); err != nil {
			t.Fatal(err)
		}
		switch w := want.(type) {
		case *string:
			want = *w
		case *[]string:
			want = *w
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (%s): (-want +got)\n%s", c.ID, c.Why, diff)
		}
	}
	if ran < 32 {
		t.Errorf("only %d cases ran", ran)
	}
}
