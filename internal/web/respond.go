package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Content-Security-Policy of pages and feeds: nothing from elsewhere, no
// script, no frame. Articles' images would tell other hosts who reads.
const (
	policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// scriptPolicy is policy for pages that have scripts, which are ours and ask
	// nobody else.
	scriptPolicy = policy + "; script-src 'self'; connect-src 'self'"
	// feedPolicy is policy for what has no form and no images of ours.
	feedPolicy = "default-src 'none'; style-src 'self'"
	// mailPolicy allows the styles and images that a mail carries.
	mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

// minZip is the size below which compressing is not worth a header.
const minZip = 1024

// A response is an answer ready to be sent.
type response struct {
	status      int // 0 is 200
	body        []byte
	contentType string
	cache       string    // Cache-Control
	policy      string    // Content-Security-Policy; "" is policy
	etag        string    // strong, quoted; "" has one made of body when status is 200 and the answer may be kept
	modified    time.Time // Last-Modified; zero has none
	cookie      *http.Cookie
	perReader   bool          // depends on the language cookie
	anywhere    bool          // scripts of other sites may read it
	links       string        // Link
	kept        bool          // sent many times: every coding is worth its making
	location    string        // Location; "" has none
	unlisted    bool          // not for search engines
	attachment  string        // name of the file that it is to be kept as; "" for none
	stream      io.ReadCloser // sent in place of body, and closed; nil for none
	size        int64         // of stream, in bytes
}

// A representation is a response with its headers made, so that it can be
// sent many times at little cost. It is safe for concurrent use.
type representation struct {
	status   int
	modified time.Time
	zip      *zipper
	best     coding // codings above it are not offered
	etags    [codings][]string
	header   []field // of the representation, beside the two below
	about    []field // goes with 304, too (RFC 9110, section 15.4.5)

	// grown is called when a coding was made, without any lock held; nil is
	// allowed.
	grown func()

	making sync.Mutex // held to change forms
	forms  [codings]atomic.Pointer[form]
	lines  [codings]atomic.Pointer[heads]
	last   atomic.Uint32 // the coding that was asked for last, identity excepted
}

// A field is a header's name and its values, which are shared by all answers:
// net/http does not change them.
type field struct {
	name   string // in canonical form
	values []string
}

// A form is the body in one coding.
type form struct {
	body   []byte
	length []string // Content-Length
}

func newForm(body []byte) *form { return &form{body: body, length: []string{strconv.Itoa(len(body))}} }

func newRepresentation(res *response, zip *zipper) *representation {
	rep := &representation{
		status:   cmp.Or(res.status, http.StatusOK),
		modified: res.modified.Truncate(time.Second),
		zip:      zip,
		about:    []field{{"Cache-Control", []string{res.cache}}},
		header: []field{
			{"Content-Type", []string{res.contentType}},
			{"Content-Security-Policy", []string{cmp.Or(res.policy, policy)}},
			{"X-Content-Type-Options", []string{"nosniff"}},
		},
	}
	if res.policy != feedPolicy {
		rep.header = append(rep.header, field{"Referrer-Policy", []string{"no-referrer"}})
	}
	if res.kept {
		rep.header = append(rep.header, field{"Accept-Ranges", []string{"none"}})
	}
	if res.links != "" {
		rep.header = append(rep.header, field{"Link", []string{res.links}})
	}
	if res.anywhere {
		rep.about = append(rep.about, field{"Access-Control-Allow-Origin", []string{"*"}})
		rep.header = append(rep.header, field{"Access-Control-Expose-Headers", []string{"ETag, Link"}})
	}
	if !rep.modified.IsZero() {
		rep.about = append(rep.about, field{"Last-Modified", []string{rep.modified.UTC().Format(http.TimeFormat)}})
	}
	if res.unlisted {
		rep.header = append(rep.header, field{"X-Robots-Tag", []string{"noindex, nofollow"}})
	}
	if res.location != "" {
		rep.header = append(rep.header, field{"Location", []string{res.location}})
	}
	if res.attachment != "" {
		rep.header = append(rep.header, field{"Content-Disposition", []string{`attachment; filename="` + res.attachment + `"`}})
	}
	if res.cookie != nil {
		rep.about = append(rep.about, field{"Set-Cookie", []string{res.cookie.String()}})
	}
	if len(res.body) >= minZip {
		rep.best = gzipped
		if res.kept {
			rep.best = codings - 1
		}
	}
	rep.forms[identity].Store(newForm(res.body))
	if rep.status == http.StatusOK && res.cache != "no-store" {
		tag := cmp.Or(res.etag, newETag(res.body))
		rep.etags[identity] = []string{tag}
		for c := gzipped; c <= rep.best; c++ { // RFC 9110, section 8.8.3.3: each needs one of its own
			rep.etags[c] = []string{tag[:len(tag)-1] + "-" + codingNames[c][0] + `"`}
		}
	}
	switch {
	case res.perReader:
		rep.about = append(rep.about, field{"Vary", []string{"Accept-Encoding, Cookie"}})
	case rep.best > identity:
		rep.about = append(rep.about, field{"Vary", []string{"Accept-Encoding"}})
	}
	return rep
}

// newETag returns a strong entity tag of body alone.
func newETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// send answers r with res.
func (s *server) send(w http.ResponseWriter, r *http.Request, res *response) {
	if res.stream != nil {
		s.sendStream(w, r, res)
		return
	}
	newRepresentation(res, &s.zip).serve(w, r)
}

// sendStream answers r with what is too long to be held in memory.
func (s *server) sendStream(w http.ResponseWriter, r *http.Request, res *response) {
	rep := newRepresentation(&response{contentType: res.contentType, cache: res.cache, attachment: res.attachment}, &s.zip)
	for _, fields := range [][]field{rep.about, rep.header} {
		for i := range fields {
			w.Header()[fields[i].name] = fields[i].values
		}
	}
	w.Header().Set("Content-Length", strconv.FormatInt(res.size, 10))
	_, err := io.Copy(w, res.stream)
	if cerr := res.stream.Close(); cerr != nil {
		s.Logger.Error("a copy is left over", "error", cerr)
	}
	if err != nil {
		s.Logger.Warn("a copy was not sent to the end", "path", r.URL.Path, "error", err)
	}
}

// serve answers r, with 304 when the client has the representation already.
// Ranges are never sent: a feed is small, and changes.
func (rep *representation) serve(w http.ResponseWriter, r *http.Request) {
	c := identity
	if rep.best > identity {
		c = accepted(r.Header["Accept-Encoding"], rep.best)
	}
	h := w.Header()
	for i := range rep.about {
		h[rep.about[i].name] = rep.about[i].values
	}
	if etag := rep.etags[c]; etag != nil {
		h["Etag"] = etag
		if notModified(r.Header, etag[0], rep.modified) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	for i := range rep.header {
		h[rep.header[i].name] = rep.header[i].values
	}
	if c != identity {
		h["Content-Encoding"] = codingNames[c]
	}
	f := rep.form(c)
	h["Content-Length"] = f.length
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.body) // the client is gone: nobody to tell
	}
}

// form returns the body in a coding. It is made when it is asked for first.
func (rep *representation) form(c coding) *form {
	if c != identity && rep.last.Load() != uint32(c) {
		rep.last.Store(uint32(c))
	}
	if f := rep.forms[c].Load(); f != nil {
		return f
	}
	f := rep.make(c)
	if rep.grown != nil {
		rep.grown()
	}
	return f
}

func (rep *representation) make(c coding) *form {
	rep.making.Lock()
	defer rep.making.Unlock()
	if f := rep.forms[c].Load(); f != nil {
		return f
	}
	plain := rep.forms[identity].Load()
	for from := gzipped; plain == nil && from < codings; from++ {
		if packed := rep.forms[from].Load(); packed != nil {
			plain = newForm(rep.zip.decode(from, packed.body))
		}
	}
	f := plain
	if c != identity {
		f = newForm(rep.zip.encode(c, plain.body))
	}
	rep.forms[c].Store(f)
	return f
}

// pack keeps one compressed form only, the one that was asked for last. What
// is too short to be compressed stays as it is.
func (rep *representation) pack() {
	if rep.best == identity {
		return
	}
	c := coding(rep.last.Load())
	if c == identity {
		c = zstandard
	}
	rep.make(c)
	rep.making.Lock()
	defer rep.making.Unlock()
	for other := range codings {
		if other != c {
			rep.forms[other].Store(nil)
		}
	}
}

// size returns how many bytes the forms have.
func (rep *representation) size() int {
	n := 0
	for c := range codings {
		if f := rep.forms[c].Load(); f != nil {
			n += cap(f.body)
		}
	}
	return n
}
