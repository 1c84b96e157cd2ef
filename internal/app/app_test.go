package app_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
)

const small = `
site: { title: 江城测试报, url: http://localhost:8080, language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: %[1]s
database: %[2]q
polling: { allow_private: [127.0.0.0/8] }
themes:
  finance: { title: 金融, terms: [%[3]s] }
sources:
  - { name: wire, url: %[4]q, kind: feed }
`

func smallPaper(t *testing.T, listen, term, address string) (string, func(term, more string)) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	write := func(term, more string) {
		t.Helper()
		text := fmt.Sprintf(small, listen, "sqlite:"+filepath.Join(dir, "paper.db"), term, address) + more
		// As editors do: a new file put in the place of the old one.
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(term, "")
	return file, write
}

func TestPortInUseIsSaidWithItsRemedy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file, _ := smallPaper(t, taken.Addr().String(), "贷款", "http://127.0.0.1:1/wire.rss")
	a, err := app.New(context.Background(), load(t, file), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	err = a.Run(context.Background())
	for _, want := range []string{taken.Addr().String(), "in use", "change listen:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run says %v, want it to say %q", err, want)
		}
	}
}

func TestSavedConfigurationIsPutInForce(t *testing.T) {
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(bridgeItem, loanItem))
	wire.Serve("/more.rss", rss(portItem))
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", wire.URL+"/wire.rss")
	d := start(t, load(t, file), &clock{now: time.Now()}, file)
	finance := func() string {
		_, _, body := d.get("/feeds/finance.json")
		return body
	}
	if body := finance(); !strings.Contains(body, "小店贷款") || strings.Contains(body, "大桥") {
		t.Fatalf("finance holds the wrong articles: %s", body)
	}

	// A mistake changes nothing and is said with its place.
	write("大桥", "digests: [{ name: weekly, schedule: \"0 25 * * *\" }]\n")
	await(t, "the mistake", func() bool { return strings.Contains(d.log.String(), "old one stays in force") })
	for _, want := range []string{"config.yaml:", "schedule", "25"} {
		if !strings.Contains(d.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, d.log)
		}
	}

	// Another theme files the stored articles anew; another source is polled.
	write("大桥", fmt.Sprintf("  - { name: more, url: %q }\n", wire.URL+"/more.rss"))
	await(t, "the new theme and source", func() bool {
		_, _, all := d.get("/feeds/all.json")
		body := finance()
		return strings.Contains(all, "东港新港口开工") && strings.Contains(body, "大桥") && !strings.Contains(body, "小店贷款")
	})
}

// A place that the operator adds is found in articles that are stored already.
func TestOperatorsPlacesReachStoredArticles(t *testing.T) {
	wire := newOrigin(t)
	wire.Serve("/wire.rss", rss(bridgeItem, loanItem, fairItem))
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", wire.URL+"/wire.rss")
	d := start(t, load(t, file), &clock{now: time.Now()}, file)
	in := func(place string) string {
		_, _, body := d.get("/feeds/place-" + url.PathEscape(place) + ".json")
		return body
	}
	if body := in("湖北"); !strings.Contains(body, "城南花市") || strings.Contains(body, "江口大桥") {
		t.Errorf("湖北 before: %s", body)
	}
	if status, _, _ := d.get("/feeds/place-" + url.PathEscape("江口大桥") + ".json"); status != 404 {
		t.Errorf("an unknown place has a feed: %d", status)
	}
	write("贷款", "places:\n  - { name: 江口大桥, in: 宜昌, also: [Rivermouth Bridge] }\n")
	await(t, "the place", func() bool {
		body := in("宜昌")
		return strings.Contains(body, "江口大桥今晨合龙") && strings.Contains(in("Rivermouth Bridge"), "江口大桥今晨合龙") &&
			strings.Contains(in("Hubei"), "江口大桥今晨合龙") && !strings.Contains(body, "城南花市")
	})
}

func TestSourcesWithFaultsDoNotStopTheOthers(t *testing.T) {
	wire := newOrigin(t)
	wire.Serve("/good.rss", rss(bridgeItem, loanItem))
	wire.Serve("/page.html", "<!doctype html><html><body>hello</body></html>")
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf(small, "127.0.0.1:0", "sqlite:"+filepath.Join(dir, "paper.db"), "贷款", wire.URL+"/good.rss") +
		fmt.Sprintf(`
  - { name: page, url: %q }
  - { name: missing, url: %q }
  - { name: nofile, url: "file:gone.txt", kind: listing }
  - { name: private, url: "http://10.1.2.3/feed" }
`, wire.URL+"/page.html", wire.URL+"/missing.rss")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := start(t, load(t, file), &clock{now: time.Now()}, file)
	for source, want := range map[string][]string{
		"wire":    {"2 articles, 2 new"},
		"page":    {"HTML"},
		"missing": {"404"},
		"nofile":  {"gone.txt", "no such file", "mend the url"},
		"private": {"10.1.2.3", "allow_private"},
	} {
		line := ""
		for l := range strings.Lines(d.out.String()) {
			if strings.HasPrefix(strings.TrimSpace(l), source+" ") {
				line = l
			}
		}
		for _, w := range want {
			if !strings.Contains(line, w) {
				t.Errorf("the line of %s does not say %q: %q", source, w, line)
			}
		}
	}
	states, err := d.app.Sources(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if faulty := s.Name != "wire"; faulty != (s.Poll.Error != "") || faulty == (s.Stored == 2) {
			t.Errorf("%s: fault %q, %d articles stored", s.Name, s.Poll.Error, s.Stored)
		}
	}
}
