package app_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/mailer"
)

const killPaper = `
site: { title: 江城测试报, url: http://localhost:8080, language: zh-Hans, timezone: Asia/Shanghai, contact: editor@paper.test }
listen: 127.0.0.1:0
database: %[1]q
themes:
  finance: { title: 金融, terms: [贷款] }
sources:
  - { name: wire, url: "file:wire.rss" }
digests:
  - { name: weekly, schedule: "0 8 * * MON", to: [%[2]s] }
mail: { from: digest@paper.test, directory: %[3]q }
`

// killRecipients is how many get the edition that is killed again and again.
const killRecipients = 300

// TestKilledProcessesLoseNothing kills processes that deliver an edition, each
// some messages further, until one comes to the end: every recipient has the
// edition then, once.
func TestKilledProcessesLoseNothing(t *testing.T) {
	if file := os.Getenv("BROADSHEET_TEST_DELIVER"); file != "" {
		deliverUntilKilled(t, file)
		return
	}
	dir := t.TempDir()
	var to []string
	for i := range killRecipients {
		to = append(to, fmt.Sprintf("reader%d@paper.test", i))
	}
	file, outbox := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "outbox")
	write(t, file, fmt.Sprintf(killPaper, "sqlite:"+filepath.Join(dir, "paper.db"), strings.Join(to, ", "), outbox))
	write(t, filepath.Join(dir, "wire.rss"), rss(loanItem))

	kills := 0
	for ; ; kills++ {
		before := len(messages(t, outbox))
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcessesLoseNothing$")
		cmd.Env = append(os.Environ(), "BROADSHEET_TEST_DELIVER="+file)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if !someMore(t, outbox, before+5+kills, ended, &out) {
			break
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Log(err) // it came to its end in this moment
		}
		<-ended
	}
	if kills == 0 {
		t.Error("no process was killed; the test shows nothing")
	}

	got := map[string]int{}
	for _, m := range messages(t, outbox) {
		data, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		got[string(regexp.MustCompile(`(?m)^To: .*?(reader\d+@paper\.test)`).FindSubmatch(data)[1])]++
	}
	for _, r := range to {
		if got[r] != 1 {
			t.Errorf("%s has %d messages, want one", r, got[r])
		}
	}
	t.Logf("%d processes killed, %d recipients, 0 lost, 0 twice", kills, len(got))
}

// someMore waits until so many messages are in the outbox, and reports false
// if the process came to its end before that.
func someMore(t *testing.T, outbox string, want int, ended <-chan error, out *bytes.Buffer) bool {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(bound)
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return false
		case <-late:
			t.Fatalf("waited in vain for %d messages", want)
		case <-tick.C:
			if len(messages(t, outbox)) >= want {
				return true
			}
		}
	}
}

// deliverUntilKilled is what the processes do: run the paper as `serve` does,
// until every delivery of the edition is accepted.
func deliverUntilKilled(t *testing.T, file string) {
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	a, err := app.New(ctx, load(t, file), app.Options{Tick: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	await(t, "the article", func() bool {
		found, err := a.Search(ctx, "", false, 1)
		return err == nil && found.Total > 0
	})
	if s, err := a.Status(ctx); err != nil || s.Editions == 0 {
		if _, err := a.Send(ctx, "weekly", ""); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the deliveries", func() bool {
		s, err := a.Status(ctx)
		return err == nil && s.Deliveries[mailer.Accepted] == killRecipients
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func messages(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
