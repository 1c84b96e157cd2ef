package app_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Queue, log and backup of a paper that runs.
func TestTheMachineryInTheBrowser(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	o.Serve("/list", trialList)
	dir := t.TempDir()
	cfg, _ := settings(t, trialPaper, dir+"/p.db", o.URL)
	d := start(t, cfg, &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}, "")
	op := newOperator(t, d)
	token := regexp.MustCompile(`sign-in\?token=(\S+)`).FindStringSubmatch(d.out.String())
	op.send("/admin/sign-in", url.Values{"token": {token[1]}})
	holds := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the page lacks %q:\n%s", w, got)
			}
		}
	}
	_, queue := op.open("/admin/queue")
	holds(queue, "Running: ", "Given up: 0", "Waiting for a worker: ")
	if at, _ := op.send("/admin/queue/99999/retry", nil); at != "/admin/queue?done=unchanged" {
		t.Errorf("no such job: at %s", at)
	}
	_, log := op.open("/admin/log/program")
	holds(log, "<strong>operator</strong>", "action=&#34;retry job&#34;")

	at, copied := op.send("/admin/backup", nil)
	if at != "/admin/backup" || !strings.HasPrefix(copied, "SQLite format 3\x00") {
		t.Errorf("a copy of %d bytes: at %s", len(copied), at)
	}
	stale := filepath.Join(dir, ".backup-1")
	if err := errors.Join(os.Mkdir(stale, 0o700), os.Chtimes(stale, time.Time{}, time.Now().Add(-3*time.Hour))); err != nil {
		t.Fatal(err)
	}
	op.send("/admin/backup", nil)
	left, err := filepath.Glob(filepath.Join(dir, ".backup-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(file, []byte(copied), 0o600); err != nil {
		t.Fatal(err)
	}
	copyCfg, _ := settings(t, trialPaper, file, o.URL)
	second := start(t, copyCfg, &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}, "")
	if found, err := second.app.Search(t.Context(), "ferry", false, 5); err != nil || len(found.Articles) != 1 {
		t.Errorf("the copy has %v, %v", found.Articles, err)
	}
	if status, _, _ := d.get("/admin/backup"); status != http.StatusOK {
		t.Errorf("without a session: %d", status)
	}
	_, figures := op.open("/admin/metrics")
	holds(figures, "broadsheet_polls_total", "broadsheet_deliveries", "broadsheet_jobs")
	for feed := range 2 {
		if status, _, body := d.get("/feeds/all.atom"); status != http.StatusOK {
			t.Errorf("feed %d: %d %s", feed, status, body)
		}
	}
	status, _, public := d.get("/metrics")
	if holds(public, `broadsheet_polls_total{outcome="fetched"} 1`, `broadsheet_entries_total{change="new"} 2`, "process_start_time_seconds "); status != http.StatusOK || strings.Contains(public, "deliveries") {
		t.Errorf("for everybody: %d\n%s", status, public)
	}
	key := regexp.MustCompile(`/metrics\?key=[0-9a-f]+`).FindString(figures)
	status, _, all := d.get(key)
	if holds(all, `broadsheet_deliveries{state="accepted"} 0`, `broadsheet_jobs{state="given up"} 0`, "broadsheet_mail_last_hour 0"); status != http.StatusOK {
		t.Errorf("with the key %s: %d", key, status)
	}
	_, log = op.open("/admin/log")
	holds(log, "took a backup", "had a job tried again")
}
