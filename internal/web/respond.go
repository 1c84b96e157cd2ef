package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Content-Security-Policy of pages and feeds: nothing from elsewhere, no
// script, no frame. Articles' images would tell other hosts who reads.
const (
	policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
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
	location    string // Location; "" has none
	perReader   bool   // depends on the language cookie
	anywhere    bool   // scripts of other sites may read it
}

// A representation is a response with its headers made, so that it can be
// sent many times at little cost. It is safe for concurrent use.
type representation struct {
	status   int
	modified time.Time
	plain    encoding
	gzip     encoding    // no etag when compressing is not worth it
	header   http.Header // of the representation, beside the two below
	about    http.Header // goes with 304, too (RFC 9110, section 15.4.5)
}

// An encoding is the body in one content encoding. RFC 9110, section 8.8.3.3:
// each needs an entity tag of its own.
type encoding struct {
	etag    []string
	content func() (body []byte, length []string) // length is Content-Length
}

func newRepresentation(res *response, zip *zipper) *representation {
	rep := &representation{
		status:   res.status,
		modified: res.modified.Truncate(time.Second),
		about:    http.Header{"Cache-Control": {res.cache}},
		header: http.Header{
			"Content-Type":            {res.contentType},
			"Content-Security-Policy": {cmp.Or(res.policy, policy)},
			"X-Content-Type-Options":  {"nosniff"},
		},
	}
	if res.policy != feedPolicy {
		rep.header["Referrer-Policy"] = []string{"no-referrer"}
	}
	if res.anywhere {
		rep.about["Access-Control-Allow-Origin"] = []string{"*"}
	}
	if rep.status == 0 {
		rep.status = http.StatusOK
	}
	if !rep.modified.IsZero() {
		rep.about["Last-Modified"] = []string{rep.modified.UTC().Format(http.TimeFormat)}
	}
	if res.location != "" {
		rep.header["Location"] = []string{res.location}
	}
	if res.cookie != nil {
		rep.about.Add("Set-Cookie", res.cookie.String())
	}
	length := []string{strconv.Itoa(len(res.body))}
	rep.plain = encoding{content: func() ([]byte, []string) { return res.body, length }}
	if rep.status == http.StatusOK && res.cache != "no-store" {
		tag := res.etag
		if tag == "" {
			tag = newETag(res.body)
		}
		rep.plain.etag = []string{tag}
	}
	if len(res.body) >= minZip {
		zipped := sync.OnceValues(func() ([]byte, []string) {
			body := zip.compress(res.body)
			return body, []string{strconv.Itoa(len(body))}
		})
		rep.gzip = encoding{content: zipped}
		if rep.plain.etag != nil {
			tag := rep.plain.etag[0]
			rep.gzip.etag = []string{tag[:len(tag)-1] + `-gzip"`}
		}
	}
	switch {
	case res.perReader:
		rep.about["Vary"] = []string{"Accept-Encoding, Cookie"}
	case rep.gzip.content != nil:
		rep.about["Vary"] = []string{"Accept-Encoding"}
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
	newRepresentation(res, &s.zip).serve(w, r)
}

// serve answers r, with 304 when the client has the representation already.
func (rep *representation) serve(w http.ResponseWriter, r *http.Request) {
	enc := &rep.plain
	zipped := rep.gzip.content != nil && acceptsGzip(r.Header["Accept-Encoding"])
	if zipped {
		enc = &rep.gzip
	}
	h := w.Header()
	for k, v := range rep.about {
		h[k] = v // shared: net/http does not change it
	}
	if enc.etag != nil {
		h["Etag"] = enc.etag
		if notModified(r.Header, enc.etag[0], rep.modified) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	for k, v := range rep.header {
		h[k] = v
	}
	if zipped {
		h["Content-Encoding"] = gzipName
	}
	body, length := enc.content()
	h["Content-Length"] = length
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
}

var gzipName = []string{"gzip"}

// A zipper compresses, and keeps what it needs for that between calls. The
// zero zipper is ready to use.
type zipper struct{ pool sync.Pool }

func (z *zipper) compress(body []byte) []byte {
	w, ok := z.pool.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(nil)
	}
	defer z.pool.Put(w)
	var b bytes.Buffer
	b.Grow(len(body)/3 + 512)
	w.Reset(&b)
	if _, err := w.Write(body); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
