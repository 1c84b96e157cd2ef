package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/internal/app"
)

// A template that breaks holds the edition and says where.
func TestABrokenTemplateHoldsTheEdition(t *testing.T) {
	o := newOrigin(t)
	o.Serve("/wire.rss", `<rss version="2.0"><channel><title>W</title><item><guid>1</guid><title>贷款新规今日施行</title></item></channel></rss>`)
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", o.URL+"/wire.rss")
	dir := filepath.Dir(file)
	template := filepath.Join(dir, "mine", "digest.txt")
	if err := os.Mkdir(filepath.Dir(template), 0o700); err != nil {
		t.Fatal(err)
	}
	set := func(text string) {
		t.Helper()
		if err := os.WriteFile(template, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("OURS {{.Title}} {{.Unsubscribe}} {{.Postal}}")
	write("贷款", `
digests: [{ name: daily, title: 日报, schedule: "@daily", to: [a@example.com] }]
mail: { from: d@example.com, directory: `+filepath.Join(dir, "outbox")+`, templates: mine, postal: 1 Quay }
`)
	a, err := app.New(t.Context(), load(t, file), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Collect(t.Context(), nil, true, func(app.PollReport) {}); err != nil {
		t.Fatal(err)
	}
	if text, err := a.Preview(t.Context(), "daily", "", "text"); err != nil || !strings.HasPrefix(string(text), "OURS 日报 http://localhost:8080/unsubscribe/") || !strings.HasSuffix(string(text), " 1 Quay\n") {
		t.Fatalf("%q, %v", text, err)
	}

	set("OURS\n{{.Titel}}")
	const where = "template mail/digest.txt:2:3: <.Titel>: "
	if _, err := a.Send(t.Context(), "daily", ""); err == nil || !strings.Contains(err.Error(), where) {
		t.Errorf("sent with a broken template: %v", err)
	}

	set("{{.Unsubscribe}} {{range .Sections}}{{range .Items}}{{.Title}}{{end}}{{end}}")
	sent, err := a.Send(t.Context(), "daily", "")
	if err != nil || sent.Edition.Number != 1 || !strings.HasSuffix(sent.Edition.Text, "贷款新规今日施行\n") {
		t.Errorf("the edition is not made up for: %+v, %v", sent.Edition, err)
	}
}
