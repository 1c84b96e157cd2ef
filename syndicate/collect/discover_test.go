package collect_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/syndicate"
)

func TestPageGivenForItsFeed(t *testing.T) {
	d := newDesk(t)
	d.origin.play(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/news.xml" {
			fmt.Fprint(w, rss("", item("a", "Quay opens", d.now)))
			return
		}
		fmt.Fprint(w, `<!doctype html><html><head><title>Paper</title>
<link rel="alternate" type="application/rss+xml" href="/news.xml"></head><body><p>Welcome.</p></body></html>`)
	})
	r := d.poll()
	if n := len(d.origin.asked()); n != 1 {
		t.Errorf("adding the source took %d requests, want one", n)
	}
	feed := d.origin.URL + "/news.xml"
	if r.Outcome != syndicate.Failed || r.MovedTo != feed || !strings.Contains(r.Error, feed) || !strings.Contains(r.Error, "from the next poll on") {
		t.Errorf("the page: %+v, want it to fail and to name %s", r, feed)
	}
	if r = d.next(); r.New != 1 || r.Error != "" || r.MovedTo != feed {
		t.Errorf("the feed: %+v, want its article, and the address still told", r)
	}
	if got := d.origin.asked()[0].URL.Path; got != "/news.xml" {
		t.Errorf("asked %s, want the feed", got)
	}

	// A feed that is a source already is not asked for another one as well.
	d.src.Name, d.src.URL = "twin", d.origin.URL+"/welcome"
	d.Sources = []syndicate.Source{d.src, {Name: "paper", URL: feed}}
	if r = d.poll(); r.MovedTo != "" || !strings.Contains(r.Error, "that is the source paper already: remove this one") {
		t.Errorf("the page of another source's feed: %+v", r)
	}

	// A source that was a feed once is not led elsewhere by an error page.
	d.src.URL, d.src.Name = d.origin.URL+"/other", "other"
	d.origin.play(document(rss("", item("b", "Bridge closes", d.now))))
	d.now = d.now.Add(24 * time.Hour)
	d.poll()
	d.origin.play(document(`<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/elsewhere.xml"></head></html>`))
	d.now = d.memory.polls["other"].NextAt
	if r := d.poll(); r.MovedTo != "" || r.Error == "" {
		t.Errorf("an error page led the source to %q (fault %q)", r.MovedTo, r.Error)
	}
}
