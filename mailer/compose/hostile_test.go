package compose_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
)

func TestWhateverArticlesSay(t *testing.T) {
	markup := `<script>alert(1)</script> & "quotes" 'n' <b>bold</b> </title></style>`
	for _, tt := range []struct {
		name, title, gist string
		must              []string // in the HTML
		mustNot           []string
	}{
		{"markup", markup, markup, []string{"&lt;script&gt;"}, []string{"<script", "<b>bold"}},
		{"a title of 2,000 Chinese characters", strings.Repeat("武汉新港建设提速", 250), strings.Repeat("长江航运。", 500), []string{"……"}, nil},
		{"a title of 2,000 letters in one word", strings.Repeat("x", 2000), strings.Repeat("y", 5000), []string{"…"}, nil},
		{"right to left", "ميناء جديد على النهر", "افتتح الميناء اليوم.", []string{`dir="rtl"`}, nil},
		{"emoji and flags", "新航线🚢🇨🇳👩‍🔧", strings.Repeat("👩‍👩‍👧‍👦", 300), []string{"🇨🇳", "👩‍🔧"}, nil},
		{"control characters and overrides", "a\x00b\u202ec\r\nd", "\x1b[31m红\u2066", []string{"abc d"}, []string{"\x00", "\u202e", "\x1b", "\u2066"}},
		{"no title", "", "只有一句话。", []string{"只有一句话"}, nil},
		{"nothing at all", "", "", []string{"https://port.example.com/k"}, nil},
		{"not UTF-8", "坏\xff字节", "\xfe\xff", nil, nil},
		{"template code", "{{.Site}} {{", "%s %d %!", []string{"{{.Site}} {{"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := article("port", "k", tt.title, tt.gist, time.Hour, filing("finance", 2))
			a.Places, a.Figures = []string{tt.title}, amounts(tt.title, "12亿元")
			for _, lang := range []string{"zh-Hans", "en"} {
				d := weekly()
				d.Language = lang
				s := &store{articles: []syndicate.Article{a}}
				e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range tt.must {
					if !strings.Contains(e.HTML, m) {
						t.Errorf("%s: the HTML lacks %q", lang, m)
					}
				}
				for _, m := range tt.mustNot {
					if strings.Contains(e.HTML+e.Text, m) && !strings.HasPrefix(m, "<") || strings.Contains(e.HTML, m) {
						t.Errorf("%s: the edition has %q", lang, m)
					}
				}
				checkHTML(t, e)
				if tt.name != "markup" && tt.name != "template code" { // these look like mistakes in the text, rightly
					checkText(t, e)
				}
				data, err := submit.Build(message(e, s.saved[0], "n@example.com", "c@example.com"))
				if err != nil {
					t.Fatal(err)
				}
				if tt.name != "not UTF-8" {
					checkMail(t, data, e)
				}
			}
		})
	}
}

func TestManyArticlesStayBelowTheLimit(t *testing.T) {
	for _, tt := range []struct {
		articles, perTheme int
		gist               string
	}{
		{500, 500, "码头二期投产，年吞吐能力达到八十万标箱。"},
		{500, 500, strings.Repeat("一段很长的摘要，说了很多事情，也说了很多数字；", 30)},
		{500, 500, strings.Repeat("A long gist that says many things. ", 60)},
		{60, 60, strings.Repeat("中等长度的摘要。", 40)},
		{5000, 10, "短。"},
	} {
		t.Run(fmt.Sprintf("%d articles, %d a theme, %d octets each", tt.articles, tt.perTheme, len(tt.gist)), func(t *testing.T) {
			s := &store{}
			ids := []string{"finance", "industry", "infrastructure"}
			for i := range tt.articles {
				a := article("port", fmt.Sprintf("k%d", i), fmt.Sprintf("第%d条：港口与铁路联运线路增加班次", i), tt.gist, time.Hour, filing(ids[i%3], 2))
				a.Figures, a.Places = amounts("12亿元", "8.4%", "三十万吨"), []string{"滨江区"}
				s.articles = append(s.articles, a)
			}
			d := weekly()
			d.MaxPerTheme = tt.perTheme
			e, err := composer(s).Compose(t.Context(), d, monday(), compose.Opts{})
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for _, sec := range e.Sections {
				total += len(sec.Items) + sec.More
				if sec.More > 0 && !strings.Contains(e.HTML, fmt.Sprintf("另有%d篇", sec.More)) {
					t.Errorf("%s does not say that there are %d more", sec.Theme, sec.More)
				}
				if len(sec.Items) == 0 {
					t.Errorf("%s is empty", sec.Theme)
				}
			}
			if total != tt.articles {
				t.Errorf("%d articles are accounted for, want %d", total, tt.articles)
			}
			data, err := submit.Build(message(e, s.saved[0], "n@example.com", "c@example.com"))
			if err != nil {
				t.Fatal(err)
			}
			checkMail(t, data, e) // holds the limit
			checkHTML(t, e)
			checkText(t, e)
			if !strings.Contains(e.HTML, "</html>") || !strings.Contains(e.HTML, "退订") {
				t.Error("the footer is lost")
			}
			if n := submit.EncodedLen(e.HTML); tt.perTheme > 100 && n < compose.MaxHTML*8/10 {
				t.Errorf("only %d of %d octets are used", n, compose.MaxHTML)
			}
		})
	}
}

func TestTemplatesFromAFolder(t *testing.T) {
	for _, tt := range []struct {
		name, html, text, want string // want is the error; "" for none
	}{
		{"good", `<p>{{.Title}}</p>`, `{{.Title}}`, ""},
		{"cannot be read", `{{.Title`, `x`, "compose digest weekly: template mail/digest.html:1: unclosed action"},
		{"a field that does not exist", `<p></p>`, `{{.Titel}}`, "compose digest weekly: template mail/digest.txt:1:3: <.Titel>: can't evaluate field Titel"},
		{"missing", "", `x`, "compose digest weekly: template mail/digest.html: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{"digest.txt": {Data: []byte(tt.text)}}
			if tt.html != "" {
				files["digest.html"] = &fstest.MapFile{Data: []byte(tt.html)}
			}
			s := &store{articles: sample()}
			c := composer(s)
			c.Templates = files
			e, err := c.Compose(t.Context(), weekly(), monday(), compose.Opts{})
			if tt.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) || len(s.editions) != 0 {
					t.Errorf("error %v, want %q; %d editions stored", err, tt.want, len(s.editions))
				}
				return
			}
			if err != nil || e.HTML != "<p>一周产经</p>" || e.Text != "一周产经\n" {
				t.Errorf("HTML %q, text %q, error %v", e.HTML, e.Text, err)
			}
		})
	}
}

func TestSiteWithoutContact(t *testing.T) {
	s := &store{articles: sample()}
	c := composer(s)
	c.Site.Contact = ""
	e, err := c.Compose(t.Context(), weekly(), monday(), compose.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(e.HTML+e.Text, "mailto:") {
		t.Error("there is a mailto: without an address")
	}
	if m := message(e, mailer.Delivery{To: "a@example.com"}, "n@example.com", ""); strings.Contains(fmt.Sprint(m.Headers), "mailto:") {
		t.Errorf("headers %v", m.Headers)
	}
	checkHTML(t, e)
	checkText(t, e)
}
