package web_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

const (
	annToken  = "token-of-ann"  // a subscriber who reads English
	deskToken = "token-of-desk" // a fixed recipient
	goneToken = "token-of-gone" // was erased
)

// A counter is everything behind the readers' pages, in memory.
type counter struct {
	t          *testing.T
	now        time.Time
	recipients map[string]*web.Recipient // by token
	signUps    map[string]*web.SignUpState
	asked      []web.SignUp
	refuse     error    // of SignUp and SignUpAgain
	done       []string // what was done, in order
	handler    http.Handler
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	titles := map[string]string{"weekly": "一周产经", "daily": "daily"}
	ann := mailer.Subscriber{ID: 1, Email: "ann@reader.example", Digests: []string{"daily", "weekly"}, Status: mailer.Active}
	ann.Language, ann.Themes, ann.Query = "en", []string{"finance"}, "港口"
	p := &counter{t: t, now: now, recipients: map[string]*web.Recipient{
		annToken:  {Subscriber: ann, Titles: titles, Feed: "https://paper.example/feeds/my-1-x"},
		deskToken: {Subscriber: mailer.Subscriber{Email: "desk@paper.example", Digests: []string{"ops"}, Status: mailer.Active}, Fixed: true, Titles: map[string]string{"ops": "内部"}},
		goneToken: {Gone: true},
	}, signUps: map[string]*web.SignUpState{
		"fresh":   {Wishes: ann, Language: "en"},
		"expired": {Wishes: ann, Language: "zh-Hans", Expired: true},
		"used":    {Wishes: ann, Language: "en", Confirmed: true, Expired: true},
	}}
	s := sample()
	p.handler = handlerOf(t, site(), web.Parts{
		Articles: s, Feeds: publisher(s), Editions: s, Now: func() time.Time { return p.now },
		Readers: &web.Readers{Choices: p, Records: p, SignUps: p, Secret: []byte("secret")},
	})
	return p
}

func (p *counter) did(format string, args ...any) {
	p.done = append(p.done, fmt.Sprintf(format, args...))
}

func (p *counter) Recipient(_ context.Context, token string) (web.Recipient, error) {
	if r := p.recipients[token]; r != nil {
		return *r, nil
	}
	return web.Recipient{}, syndicate.ErrNotFound
}

func (p *counter) Leave(_ context.Context, token, digest string) error {
	p.did("leave %s %q", token, digest)
	r := p.recipients[token]
	if rest := slices.DeleteFunc(slices.Clone(r.Digests), func(d string) bool { return d == digest }); digest != "" && len(rest) > 0 {
		r.Digests = rest
	} else {
		r.Status = mailer.Unsubscribed
	}
	return nil
}

func (p *counter) Choose(_ context.Context, token string, want *mailer.Subscriber) error {
	what := fmt.Sprintf("choose %s %v %v %q %s %s", token, want.Digests, want.Themes, want.Query, want.Language, want.Status)
	for _, word := range []string{string(want.Frequency), want.Hour.Word(), want.Timezone} {
		if word != "" {
			what += " " + word
		}
	}
	if want.PausedUntil != "" {
		what += " until " + want.PausedUntil
	}
	p.did("%s", what)
	r := p.recipients[token]
	r.Digests, r.Status, r.Selection, r.Rhythm, r.PausedUntil = want.Digests, want.Status, want.Selection, want.Rhythm, want.PausedUntil
	return nil
}

func (p *counter) RenewFeed(_ context.Context, token string) error {
	p.did("renew %s", token)
	return nil
}

func (p *counter) Erase(_ context.Context, token string, never bool) error {
	p.did("erase %s %v", token, never)
	p.recipients[token] = &web.Recipient{Gone: true}
	return nil
}

func (p *counter) Record(_ context.Context, token string) ([]byte, error) {
	if p.recipients[token] == nil {
		return nil, syndicate.ErrNotFound
	}
	return []byte("{}\n"), nil
}

func (p *counter) Selection(s *mailer.Subscriber) (syndicate.Query, error) {
	q := syndicate.Query{}
	if s.Query != "" {
		return syndicate.ParseQuery(s.Query, time.UTC)
	}
	return q, nil
}

func (p *counter) SignUp(_ context.Context, x web.SignUp) error {
	if p.refuse == nil {
		p.asked = append(p.asked, x)
	}
	return p.refuse
}

func (p *counter) SignUpOf(_ context.Context, token string) (web.SignUpState, error) {
	if x := p.signUps[token]; x != nil {
		return *x, nil
	}
	return web.SignUpState{}, syndicate.ErrNotFound
}

func (p *counter) Confirm(_ context.Context, token, network string) (web.SignUpState, error) {
	x := p.signUps[token]
	if x.Confirmed {
		return *x, nil
	}
	p.did("confirm %s from %s", token, network)
	x.Confirmed = true
	got := *x
	got.Token = annToken
	return got, nil
}

func (p *counter) SignUpAgain(_ context.Context, token, _ string) error {
	if p.refuse == nil {
		p.did("again %s", token)
	}
	return p.refuse
}

// send sends a body with headers ("Name: value").
func (p *counter) send(target, kind, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

const urlencoded = "application/x-www-form-urlencoded"

func (p *counter) form(target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	return p.send(target, urlencoded, form.Encode(), headers...)
}

var ticketPattern = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

// ticket returns that of a page with the form.
func (p *counter) ticket(page string) string {
	p.t.Helper()
	m := ticketPattern.FindStringSubmatch(page)
	if m == nil {
		p.t.Fatalf("no ticket in:\n%s", page)
	}
	return m[1]
}

// wishes returns a form that is filled in well, with a ticket that was waited
// for.
func (p *counter) wishes() url.Values {
	p.t.Helper()
	ticket := p.ticket(ask(p.handler, "/subscribe").Body.String())
	p.now = p.now.Add(8 * time.Second)
	return url.Values{"ticket": {ticket}, "proof": {""}, "email": {"reader@mail.example"}, "digest": {"weekly"}, "theme": {"finance", "industry"}, "language": {"en"}, "format": {"text"}, "website": {""}}
}

// proofOf does the work that the page's script does.
func proofOf(ticket string) string {
	for i := 0; ; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s:%d", ticket, i))
		if bits.LeadingZeros16(uint16(sum[0])<<8|uint16(sum[1])) == 16 && bits.LeadingZeros8(sum[2]) >= 2 {
			return fmt.Sprint(i)
		}
	}
}
