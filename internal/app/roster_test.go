package app_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

func TestLists(t *testing.T) {
	t.Parallel()
	ann := mailer.Subscriber{Email: "ann@example.com", Status: mailer.Active}
	for name, c := range map[string]struct {
		list   string
		want   []mailer.Subscriber
		faults map[int]string
		err    string
	}{
		"CSV":                          {"email\nann@example.com\n", []mailer.Subscriber{ann}, nil, ""},
		"no line end, other line ends": {"EMAIL , Status\r\n\r\nann@example.com, active", []mailer.Subscriber{ann}, nil, ""},
		"as spreadsheets write it":     {"\xef\xbb\xbfname;email\n;ann@example.com\n", []mailer.Subscriber{ann}, nil, ""},
		"with tabs":                    {"email\tname\nann@example.com\t\n", []mailer.Subscriber{ann}, nil, ""},
		"JSON Lines":                   {`{"email":"ann@example.com","themes":null}` + "\n\n", []mailer.Subscriber{ann}, nil, ""},
		"lists of both kinds": {
			`{"email":"ann@example.com","digests":["b","a","b"],"themes":"y x","format":"html"}`,
			[]mailer.Subscriber{{Email: "ann@example.com", Status: mailer.Active, Digests: []string{"a", "b"}, Selection: mailer.Selection{Themes: []string{"x", "y"}}}},
			nil, "",
		},
		"a broken line costs no other": {
			"email,name\n\"ann,x\nann@example.com,\nann@example.com,a,b\n",
			[]mailer.Subscriber{ann},
			map[int]string{2: `column 7: extraneous or missing " in quoted-field; put fields with quotes into quotes and double those inside`, 4: "it has 3 fields, and the head line 2; put fields with a comma into quotes"},
			"",
		},
		"broken JSON": {
			`{"email":"ann@example.com"}` + "\n{\"mail\":\"x\"}\n{\"name\":7}\n{\"themes\":[1]}\n[1]\n",
			[]mailer.Subscriber{ann},
			map[int]string{
				2: `there is no field "mail"; use email, name, digests, themes, query, frequency, hour, timezone, language, format, status, pause_until`,
				3: "name is no text; put it into quotes", 4: "themes[0] is no text; put it into quotes",
				5: `this is no JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}; write it as in {"email":"reader@example.com"}`,
			},
			"",
		},
		"how often, when and not before": {
			"email,frequency,hour,timezone,pause_until\nann@example.com,each,,,\nbob@example.com,weekly,07,Asia/Shanghai,2026-12-24\ncy@example.com,important,24,,\n",
			[]mailer.Subscriber{ann, {
				Email: "bob@example.com", Status: mailer.Active, PausedUntil: "2026-12-24",
				Rhythm: mailer.Rhythm{Frequency: mailer.Weekly, Hour: mailer.HourOf(7), Timezone: "Asia/Shanghai"},
			}},
			map[int]string{4: `"24" is no hour of the day; use 0 to 23`},
			"",
		},
		"an hour as a number, and paused until a day": {
			`{"email":"ann@example.com","hour":0,"status":"paused","pause_until":"2026-12-24"}` + "\n" + `{"email":"bob@example.com","hour":7.5}` + "\n",
			[]mailer.Subscriber{{Email: "ann@example.com", Status: mailer.Active, PausedUntil: "2026-12-24", Rhythm: mailer.Rhythm{Hour: mailer.HourOf(0)}}},
			map[int]string{2: `"7.5" is no hour of the day; use 0 to 23`},
			"",
		},
		"another charset":   {"email,name\nann@example.com,\xc1\xd6\nann@example.com,\n", []mailer.Subscriber{ann}, map[int]string{2: "the text is not UTF-8; save the list as UTF-8"}, ""},
		"an endless line":   {"email\n" + strings.Repeat("x", 200_000) + "\nann@example.com\n", []mailer.Subscriber{ann}, map[int]string{2: "the line is longer than 64 KB; leave out what is no subscriber"}, ""},
		"nothing":           {" \n\n", nil, nil, "the list is empty; its first line names the columns, email among them"},
		"no head line":      {"ann@example.com\n", nil, nil, `the head line: there is no column "ann@example.com"; use email, `},
		"a column twice":    {"email,email\n", nil, nil, "the head line names email twice; take one out"},
		"no column of mail": {"name,status\n", nil, nil, "the head line names no column email; the first line of CSV says which column is which"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, faults, err := app.ReadRoster(strings.NewReader(c.list))
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.faults == nil {
				c.faults = map[int]string{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.faults, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever is read can be written and is read as the same again.
func FuzzLists(f *testing.F) {
	for _, s := range []string{"email,name\nann@example.com,\"A, \"\"b\"\"\"\n", `{"email":"ann@example.com","query":"港口 OR port","format":"text"}`, "email;themes\nx@y.example;a b\n", "email,hour,frequency,status,pause_until\nx@y.example,9,each,paused,2026-12-24\n", "\xef\xbb\xbf{", "email\n\"", "a\tb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		subs, _, err := app.ReadRoster(bytes.NewReader(list))
		if err != nil {
			return
		}
		for _, asCSV := range []bool{true, false} {
			if len(subs) == 0 && !asCSV {
				continue // nothing at all is no list
			}
			var b bytes.Buffer
			if err := app.WriteRoster(&b, asCSV, subs); err != nil {
				t.Fatal(err)
			}
			again, faults, err := app.ReadRoster(&b)
			if err != nil || len(faults) > 0 {
				t.Fatalf("what was written cannot be read: %v, %v", err, faults)
			}
			if diff := cmp.Diff(subs, again); diff != "" {
				t.Errorf("as CSV %v (-read +again):\n%s", asCSV, diff)
			}
		}
	})
}
