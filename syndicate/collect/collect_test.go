package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/gzip"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

func TestFirstPollCostsOneGet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := rss("",
		item("1", "finance and industry", d.now.Add(-2*time.Hour)),
		item("2", "finance", d.now.Add(-time.Hour)),
		item("3", "weather", d.now))
	d.origin.play(document(body, "ETag: \"v1\"", "Last-Modified: Mon, 23 Nov 2026 07:00:00 GMT"))
	got := d.poll()
	want := collect.Report{
		Source: "paper", Outcome: syndicate.Fetched, Status: 200, Entries: 3, New: 3,
		Themes: map[string]int{"finance": 2, "industry": 1},
		Next:   d.now.Add(time.Hour), Reason: "every 1h", Bytes: int64(len(body)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	requests := d.origin.asked()
	if len(requests) != 1 || requests[0].Header.Get("If-None-Match")+requests[0].Header.Get("If-Modified-Since") != "" {
		t.Errorf("%d requests, want one, unconditional", len(requests))
	}
	wantState := syndicate.Poll{
		Source: "paper", URL: d.src.URL, NextAt: d.now.Add(time.Hour), NextReason: "every 1h",
		LastAt: d.now, LastOKAt: d.now, Status: 200, Outcome: syndicate.Fetched,
		ETag: `"v1"`, LastModified: "Mon, 23 Nov 2026 07:00:00 GMT",
		Bytes: int64(len(body)), Articles: 3, New: 3, FullAt: d.now,
		Shapes: []syndicate.Shape{{Articles: 3, Dated: 3, Titled: 3, Linked: 3, Language: "en", Charset: "utf-8"}},
	}
	if diff := cmp.Diff(wantState, d.state(), cmpopts.IgnoreFields(syndicate.Poll{}, "BodyHash", "Date")); diff != "" {
		t.Error(diff)
	}
	for key, a := range d.memory.articles {
		if a.ID != syndicate.NewID(d.src.URL, key) || !a.FirstSeen.Equal(d.now) || !a.Changed.Equal(d.now) ||
			a.Source != "paper" || d.memory.prints[key] != "filer 1" {
			t.Errorf("article %+v is not complete", a)
		}
	}
}

func TestOnlyNewAndChangedArticlesAreFiledAndStored(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, two := item("1", "one", d.now), item("2", "two", d.now)
	d.origin.play(document(rss("", one, two)))
	d.poll()
	first := d.memory.articles[syndicate.NewKey("paper", "2")]
	d.filer.calls = 0
	d.origin.play(document(rss("", item("3", "three", d.now), item("2", "two, corrected", d.now), one)))
	r := d.next()
	if r.Entries != 3 || r.New != 1 || r.Changed != 1 || d.filer.calls != 2 {
		t.Errorf("%d entries, %d new, %d changed, %d filed, want 3, 1, 1, 2", r.Entries, r.New, r.Changed, d.filer.calls)
	}
	if diff := cmp.Diff([]string{"one", "three", "two, corrected"}, d.memory.titles()); diff != "" {
		t.Error(diff)
	}
	if d.state().New != 1 {
		t.Errorf("%d new are remembered, want 1", d.state().New)
	}
	for _, a := range d.memory.articles {
		if a.Title == "two, corrected" && (!a.Changed.Equal(d.now) || first.Changed.Equal(d.now)) {
			t.Errorf("changed %s, want %s", a.Changed, d.now)
		}
	}
}

func TestValidatorsGoBackByteForByte(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(rss("", item("1", "one", d.now)), `ETag: W/"a"b`, "Last-Modified: last Tuesday"))
	d.poll()
	d.origin.asked()
	expect := func(step, etag, modified string) {
		t.Helper()
		r := d.origin.asked()
		if len(r) != 1 {
			t.Fatalf("%s: %d requests, want 1", step, len(r))
		}
		if got := r[0].Header.Get("If-None-Match"); got != etag {
			t.Errorf("%s: If-None-Match %q, want %q", step, got, etag)
		}
		if got := r[0].Header.Get("If-Modified-Since"); got != modified {
			t.Errorf("%s: If-Modified-Since %q, want %q", step, got, modified)
		}
	}
	d.origin.play(status(304))
	if r := d.next(); r.Outcome != syndicate.NotModified || r.Error != "" || r.Status != 304 {
		t.Errorf("report %+v", r)
	}
	expect("both", `W/"a"b`, "last Tuesday")

	d.origin.play(status(304, `ETag: "new"`))
	d.next()
	expect("kept over a bare 304", `W/"a"b`, "last Tuesday")

	d.origin.play(status(503))
	d.next()
	expect("a 304 brings a new tag", `"new"`, "last Tuesday")

	d.origin.play(document(rss("", item("1", "one", d.now.Add(-day)), item("2", "two", d.now)), "Last-Modified: today"))
	d.next()
	expect("kept over trouble", `"new"`, "last Tuesday")

	d.origin.play(status(304))
	d.next()
	expect("a full answer without a tag takes the old one away", "", "today")
}

func TestTheSameBodyIsNotModified(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := rss("", item("1", "one", d.now))
	d.origin.play(document(body, `ETag: "a"`))
	d.poll()
	d.filer.calls = 0
	d.origin.play(document(body, `ETag: "b"`, "Cache-Control: max-age=7200"))
	r := d.next()
	if r.Outcome != syndicate.NotModified || r.Status != 200 || r.New != 0 || d.filer.calls != 0 {
		t.Errorf("report %+v, %d filed", r, d.filer.calls)
	}
	if s := d.state(); s.ETag != `"b"` || s.Articles != 1 || s.New != 0 || d.wait() != 2*time.Hour {
		t.Errorf("the new validators or the lifetime are lost: %+v", s)
	}
}

func TestA304NobodyAskedForIsAFault(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(status(304))
	r := d.poll()
	want := d.src.URL + ": the server says that nothing has changed since a time nobody asked about; tell the publisher"
	if r.Outcome != syndicate.Failed || r.Error != want {
		t.Errorf("%s: %q, want %q", r.Outcome, r.Error, want)
	}
}

func TestWhatCannotBeReadDoesNotHideBehindNotModified(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := rss("", item("1", "one", d.now))
	d.origin.play(document(good, `ETag: "good"`))
	d.poll()
	d.origin.play(document("<html><head><title>Login</title></head><body>Please sign in</body></html>", `ETag: "bad"`, "Content-Type: text/html"))
	r := d.next()
	if r.Outcome != syndicate.Failed || !strings.HasPrefix(r.Error, d.src.URL+": ") || strings.Count(r.Error, "\n") > 0 || !strings.Contains(r.Error, "; ") {
		t.Errorf("%s: %q, want place, fault and remedy", r.Outcome, r.Error)
	}
	if s := d.state(); s.ETag != `"good"` || s.Failures != 1 || s.Articles != 1 {
		t.Errorf("state %+v, want the good document's validators", s)
	}
	d.origin.asked()
	d.next()
	if got := d.origin.asked()[0].Header.Get("If-None-Match"); got != `"good"` {
		t.Errorf("If-None-Match %s", got)
	}
	d.origin.play(document(good, `ETag: "good"`))
	if r := d.next(); r.Outcome != syndicate.NotModified || d.state().Failures != 0 || d.state().Error != "" {
		t.Errorf("after it was mended: %+v, %+v", r, d.state())
	}
	if diff := cmp.Diff([]string{"one"}, d.memory.titles()); diff != "" {
		t.Error(diff)
	}
}

func TestMatchKeepsWhatMatches(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	query, err := syndicate.ParseQuery("theme:finance", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	d.src.Match = &query
	d.origin.play(document(rss("", item("1", "finance today", d.now), item("2", "weather", d.now))))
	r := d.poll()
	if r.Entries != 2 || r.New != 1 || r.Left != 1 {
		t.Errorf("report %+v, want 1 of 2 kept", r)
	}
	d.origin.play(document(rss("", item("1", "no longer about it", d.now), item("2", "weather", d.now))))
	if r := d.next(); r.Changed != 1 || r.New != 0 {
		t.Errorf("report %+v, want the stored one kept up to date", r)
	}
	if diff := cmp.Diff([]string{"no longer about it"}, d.memory.titles()); diff != "" {
		t.Error(diff)
	}
}

func TestNotDueIsNotAsked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(rss("", item("1", "one", d.now)), `ETag: "v"`, "Cache-Control: max-age=43200"))
	d.poll()
	d.origin.asked()
	records := d.memory.records
	d.now = d.now.Add(12*time.Hour - time.Millisecond)
	got := d.poll()
	want := collect.Report{
		Source: "paper", Outcome: syndicate.NotDue, Status: 200,
		Next: d.state().NextAt, Reason: "max-age=43200",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(d.origin.asked()); n != 0 || d.memory.records != records {
		t.Errorf("%d requests, %d records", n, d.memory.records-records)
	}
	d.origin.play(status(304))
	if r := d.pollWith(collect.Options{Force: true}); r.Outcome != syndicate.NotModified {
		t.Errorf("forced: %+v", r)
	}
	if r := d.origin.asked(); len(r) != 1 || r[0].Header.Get("If-None-Match") != `"v"` {
		t.Error("a forced poll must be conditional")
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := func() string { return rss("", item(fmt.Sprint(d.now.Unix()), "one", d.now)) }
	code := 301
	served := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			w.Header().Set("Location", "/moved")
			w.WriteHeader(code)
			return
		}
		_, _ = io.WriteString(w, body())
	}
	paths := func() (ps []string) {
		for _, r := range d.origin.asked() {
			ps = append(ps, r.URL.Path)
		}
		return ps
	}
	step := func(name, movedTo string, want ...string) {
		t.Helper()
		if movedTo != "" {
			movedTo = d.origin.URL + movedTo
		}
		r := d.next()
		if diff := cmp.Diff(want, paths()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if r.MovedTo != movedTo || d.state().MovedTo != movedTo {
			t.Errorf("%s: moved to %q, want %q", name, r.MovedTo, movedTo)
		}
	}
	d.origin.play(served)
	code = 302
	step("for now", "", "/feed", "/moved")
	code = 301
	step("for good", "/moved", "/feed", "/moved")
	step("learnt", "/moved", "/moved")

	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/again" {
			http.Redirect(w, r, "/again", http.StatusPermanentRedirect)
			return
		}
		_, _ = io.WriteString(w, body())
	})
	step("moved again", "/again", "/moved", "/again")

	d.origin.play(http.NotFound)
	step("nothing there", "/again", "/again")
	step("still nothing", "/again", "/again")
	step("forgotten", "", "/again")

	d.origin.play(status(301, "Location: /dead"))
	step("not learnt from a loop", "", "/feed", "/dead", "/dead", "/dead", "/dead", "/dead")
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			http.Redirect(w, r, "/parked", http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(w, "<html><body>This domain is for sale</body></html>")
	})
	step("not learnt from what is no feed", "", "/feed", "/parked")
}

func TestAnotherURLStartsAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(document(rss("", item("1", "one", d.now)), `ETag: "old"`, "Cache-Control: max-age=86400"))
	d.poll()
	d.origin.asked()
	d.src.URL = d.origin.URL + "/other"
	if r := d.poll(); r.Outcome == syndicate.NotDue {
		t.Error("the new address has to wait for the old one's time")
	}
	if r := d.origin.asked(); len(r) != 1 || r[0].Header.Get("If-None-Match") != "" {
		t.Error("the new address was asked with the old one's validators")
	}
}

func TestFilesAreSources(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.random = 0.9
	path := filepath.Join(t.TempDir(), "listing.txt")
	d.src.Kind, d.src.URL = syndicate.KindListing, (&url.URL{Scheme: "file", Path: path}).String()
	r := d.poll()
	want := path + ": there is no such file; create it or mend the url of the source"
	if r.Outcome != syndicate.Failed || r.Error != want || d.wait() != 15*time.Minute {
		t.Errorf("%s: %q, asked again after %s", r.Outcome, r.Error, d.wait())
	}
	listing := "finance: a bank opens\n\nThe bank opened its doors on Monday.\n\n2026-11-20\n\n-\n\nindustry: a plant closes\n\nThe plant closed.\n\n2026-11-21\n"
	if err := os.WriteFile(path, []byte(listing), 0o600); err != nil {
		t.Fatal(err)
	}
	r = d.next()
	if r.Outcome != syndicate.Fetched || r.New != 2 || r.Status != 0 || d.wait() != time.Hour || r.Reason != "every 1h" {
		t.Errorf("report %+v, asked again after %s", r, d.wait())
	}
	if r := d.next(); r.Outcome != syndicate.NotModified || r.Bytes != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestARedirectNeverLeadsToAFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(status(301, "Location: file:///etc/passwd"))
	r := d.poll()
	if r.Outcome != syndicate.Failed || !strings.Contains(r.Error, `"file" is not http or https`) {
		t.Errorf("report %+v", r)
	}
}

func TestCancelIsNotTheSourcesFault(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.origin.play(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := d.Poll(ctx, d.src, collect.Options{})
	if !errors.Is(err, context.Canceled) || d.memory.records != 0 {
		t.Errorf("error %v, %d records, want that of the context and none", err, d.memory.records)
	}
}

func TestAStoreThatBreaksIsAnError(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Poll", "Polls", "Known", "RecentTimes", "Record"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.origin.play(document(rss("", item("1", "one", d.now))))
			d.poll()
			d.now = d.state().NextAt
			d.origin.play(document(rss("", item("2", "two", d.now))))
			d.memory.broken = method
			_, err := d.Poll(t.Context(), d.src, collect.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), "source paper: ") || !strings.HasSuffix(err.Error(), ": disk is full") {
				t.Errorf("error %v", err)
			}
			d.memory.broken = ""
			if r := d.poll(); r.New != 1 {
				t.Errorf("%d new after the store was mended, want 1", r.New)
			}
		})
	}
}

func TestOneBadSourceDoesNotTouchTheOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 20<<20))
			_ = z.Close()
		case "/empty":
		case "/nonsense":
			_, _ = io.WriteString(w, "\x00\x01\x02 nothing of the kind")
		case "/hangup":
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, rss("", item(r.URL.Path, "news of "+r.URL.Path, d.now)))
		}
	})
	var all sync.WaitGroup
	for _, name := range []string{"good1", "endless", "bomb", "good2", "empty", "nonsense", "hangup", "good3"} {
		all.Go(func() {
			src := d.src
			src.Name, src.URL = name, d.origin.URL+"/"+name
			r, err := d.Poll(t.Context(), src, collect.Options{})
			if err != nil {
				t.Error(err)
			}
			good := strings.HasPrefix(name, "good")
			if good != (r.Error == "") || good != (r.New == 1) || !good && !strings.HasPrefix(r.Error, src.URL+": ") {
				t.Errorf("%s: %+v", name, r)
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff([]string{"news of /good1", "news of /good2", "news of /good3"}, d.memory.titles()); diff != "" {
		t.Error(diff)
	}
}

func TestStatusesInPlainWords(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		204: "the server answers without a document (status 204 no content); check the address in a browser",
		305: "the server redirects to nowhere (status 305 use proxy); check the address in a browser",
		301: "the server redirects to nowhere (status 301 moved permanently); check the address in a browser",
		401: "the server wants a password (status 401 unauthorized); use an address that needs none, or put name and password into the url",
		403: "the server does not let us in (status 403 forbidden); ask the publisher",
		404: "there is nothing at this address (status 404 not found); check the address in a browser",
		410: "the publisher says that this is gone for good (status 410 gone); remove the source or find its new address",
		418: "the server refuses the request (status 418 i'm a teapot); check the address in a browser",
		500: "the server is in trouble (status 500 internal server error); nothing to do but wait",
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.origin.play(status(code))
			r := d.poll()
			if r.Outcome != syndicate.Failed || r.Status != code || r.Error != d.src.URL+": "+want || d.state().Error != r.Error {
				t.Errorf("report %+v\nwant %q", r, want)
			}
		})
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	if err := collect.Default().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	err := collect.Config{Every: time.Minute, UserAgentContact: "me (here)", AllowPrivate: []string{"intranet"}}.Validate()
	want := `every: 1m is under 5m; use 5m or more
user_agent_contact: "me (here)" cannot be sent in a header; use a web or mail address
allow_private[0]: "intranet" is neither a network nor host:port; write it like 10.0.0.0/8 or intranet:8080`
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}
