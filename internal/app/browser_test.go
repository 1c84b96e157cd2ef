package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	chromelog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestInABrowser goes the ways of readers, visitors and operators through the
// pages in Chromium, with scripts and without. Without Chromium on this machine
// it is skipped and prints why; in CI (the environment variable CI is set) it
// fails.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	chromium := startChromium(t)
	for name, way := range map[string]func(t *testing.T, open opener){
		"reader subscribes, chooses and leaves": readerSubscribes,
		"reader looks around":                   readerLooksAround,
		"visitor sends in news":                 visitorSendsNews,
		"visitor writes a letter":               visitorWrites,
		"visitor becomes a source":              visitorBecomesSource,
		"operator files":                        operatorFiles,
		"operator sends a digest":               operatorSends,
		"operator keeps the list":               operatorKeepsList,
		"operator edits the configuration":      operatorEdits,
	} {
		for mode, script := range map[string]bool{"with scripts": true, "without": false} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				way(t, func(t *testing.T, base string) *tab { return openTab(chromium, t, base, script) })
			})
		}
	}
	for name, look := range map[string]func(t *testing.T, open opener){
		"nothing from elsewhere":   nothingFromElsewhere,
		"keys alone":               keysAlone,
		"on paper":                 onPaper,
		"a broken policy is noted": brokenPolicyIsNoted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look(t, func(t *testing.T, base string) *tab { return openTab(chromium, t, base, true) })
		})
	}
}

// An opener opens a tab of its own, with cookies of its own, for a paper.
type opener func(t *testing.T, base string) *tab

// startChromium starts the one browser of the tests, which reaches nothing but
// this machine, and ends it with t.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no Chromium; `make prepare` installs it")
		}
		t.Skip("no Chromium for the tests; `make prepare` installs it")
	}
	alloc, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
	)...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return ctx
}

// A tab is a page as a person has it before them.
type tab struct {
	t      *testing.T
	ctx    context.Context
	base   string
	script bool
	files  string // where downloads go

	mu     sync.Mutex
	faults []string // what no page may do
}

func openTab(chromium context.Context, t *testing.T, base string, script bool) *tab {
	t.Helper()
	b := &tab{t: t, base: base, script: script, files: t.TempDir()}
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.watch))
	b.ctx = ctx
	t.Cleanup(func() {
		cancel()
		for _, f := range b.noted() {
			t.Error(f)
		}
	})
	b.do(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tg, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !script}); err != nil {
			return err
		}
		_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: b.files, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
		})
		return err
	}))
	return b
}

// watch notes what a page loads from elsewhere, what its policy forbids, and
// what its scripts fail with.
func (b *tab) watch(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, b.base+"/") && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "about:") {
			b.note("%s loads %s", ev.DocumentURL, u)
		}
	case *chromelog.EventEntryAdded:
		if ev.Entry.Source == chromelog.EntrySourceSecurity || strings.Contains(ev.Entry.Text, "Content Security Policy") {
			b.note("%s: %s", ev.Entry.URL, ev.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.note("a script fails: %s", ev.ExceptionDetails.Text)
	}
}

func (b *tab) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, fmt.Sprintf(format, args...))
}

// noted returns what was noted since it was called last.
func (b *tab) noted() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	faults := b.faults
	b.faults = nil
	return faults
}

// do runs steps in the browser, within bounds of time.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx); err != nil { // opens the tab, for as long as it is wanted
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("in the browser: %v\n%s", err, b.source())
	}
}

// source describes the page for the log of a failure.
func (b *tab) source() string {
	at, _ := chromedp.Run(b.ctx, chromedp.Location())
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	return "at " + at + ":\n" + text
}

// load waits for the page that steps lead to, and returns its status.
func (b *tab) load(steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, steps...)
	switch {
	case err != nil:
		b.t.Fatalf("in the browser: %v\n%s", err, b.source())
	case res == nil:
		return 0 // another place of the same page
	}
	return int(res.Status)
}

// open goes to a page and returns its status. Links to the site's own address,
// which the tests' papers do not listen at, lead to the paper.
func (b *tab) open(link string) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	res, err := chromedp.Run(ctx, chromedp.NavigateResponse(b.base+strings.TrimPrefix(link, "http://localhost:8080")))
	if err != nil || res == nil {
		b.t.Fatalf("%s: %v", link, err)
	}
	return int(res.Status)
}

// follow presses what leads to another page, and returns that page's status.
func (b *tab) follow(selector string) int {
	b.t.Helper()
	return b.load(chromedp.Click(chromedp.CSS(selector)))
}

// press presses what does not lead to another page.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// fill writes into a field in the place of what is there.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.Focus(chromedp.CSS(selector), chromedp.NodeVisible), chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tg, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeRawKeyDown, Key: "a", Modifiers: int64(chromedp.ModifierCtrl), Commands: []string{"selectAll"},
		}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tg, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// upload puts a file into a field.
func (b *tab) upload(selector, file string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file}))
}

// choose chooses what a list offers under a value.
func (b *tab) choose(selector, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), value))
}

// eval returns what an expression of JavaScript says of the page. It is not
// held back where the page's own scripts are.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", expression, err, b.source())
	}
	return v
}

// at returns the path of the page, with its query.
func (b *tab) at() string {
	b.t.Helper()
	return eval[string](b, `location.pathname + location.search`)
}

// href returns the address that a link leads to.
func (b *tab) href(selector string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	a, err := chromedp.Run(ctx, chromedp.AttributeValue(chromedp.CSS(selector), "href"))
	if err != nil || !a.Exists {
		b.t.Fatalf("%s has no address: %v\n%s", selector, err, b.source())
	}
	return a.Value
}

// sees holds what a person reads on the page against what must be there.
func (b *tab) sees(want ...string) {
	b.t.Helper()
	text := eval[string](b, `document.body.innerText`)
	for _, w := range want {
		if !strings.Contains(text, w) {
			b.t.Fatalf("nothing to read of %q %s", w, b.source())
		}
	}
}

// seesNot is the contrary of sees.
func (b *tab) seesNot(unwanted ...string) {
	b.t.Helper()
	text := eval[string](b, `document.body.innerText`)
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			b.t.Fatalf("to be read: %q %s", w, b.source())
		}
	}
}

// finds reports whether there is such an element.
func (b *tab) finds(selector string) bool {
	b.t.Helper()
	return eval[bool](b, fmt.Sprintf(`!!document.querySelector(%q)`, selector))
}

// reload presses the button for it, and returns the status.
func (b *tab) reload() int {
	b.t.Helper()
	return b.load(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		_, err := cdp.Call(ctx, tg, page.Reload, page.ReloadParams{IgnoreCache: new(true)})
		return err
	}))
}

// until opens a page and reloads it until it says so.
func (b *tab) until(link, want string) {
	b.t.Helper()
	b.open(link)
	await(b.t, want, func() bool {
		if strings.Contains(eval[string](b, `document.body.innerText`), want) {
			return true
		}
		b.reload()
		return false
	})
}

// download presses a link and returns what the file says that comes.
func (b *tab) download(selector, name string) string {
	b.t.Helper()
	b.press(selector)
	var file []byte
	await(b.t, name, func() bool {
		var err error
		file, err = os.ReadFile(filepath.Join(b.files, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			b.t.Fatal(err)
		}
		return err == nil
	})
	return string(file)
}

// brokenPolicyIsNoted shows that a page is found out that breaks its policy or
// loads something from another host.
func brokenPolicyIsNoted(t *testing.T, open opener) {
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src *")
		_, _ = io.WriteString(w, `<!doctype html><p style="color: red">x<img src="http://127.0.0.1:1/x.png"><script>var x</script>`)
	}))
	t.Cleanup(bad.Close)
	b := open(t, bad.URL)
	b.open("/")
	faults := strings.Join(b.noted(), "\n")
	for _, want := range []string{"loads http://127.0.0.1:1/x.png", "script", "style"} {
		if !strings.Contains(faults, want) {
			t.Errorf("%q was not noted:\n%s", want, faults)
		}
	}
}

// signIn signs an operator in by a link.
func (f *frontDoor) signIn(b *tab) {
	b.t.Helper()
	link, err := f.app.SignInLink(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		b.t.Fatal(err)
	}
	b.open("/?lang=en")
	b.open(u.RequestURI())
	b.follow("main button")
	if at := b.at(); at != "/admin" {
		b.t.Fatalf("signed in: at %s", b.source())
	}
}
