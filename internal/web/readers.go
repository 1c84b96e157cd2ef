package web

import (
	"context"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// Readers is what the pages work with on which people subscribe and choose
// what they are mailed: /subscribe, /confirm/, /preferences/ and /unsubscribe/.
// GET changes nothing there, because whatever scans mail follows links.
type Readers struct {
	Choices Choices
	Records Records
	SignUps SignUps
	Secret  []byte // tickets of forms are signed with it
}

// Choices is where recipients are known by the token in their mails, which
// never expires; see [mailer.Token].
type Choices interface {
	// Recipient returns who a token was made for. The error is
	// syndicate.ErrNotFound for a token that was not made here.
	Recipient(ctx context.Context, token string) (Recipient, error)
	// Leave takes a recipient off a digest, or with "" off every one. Doing it
	// again changes nothing.
	Leave(ctx context.Context, token, digest string) error
	// Choose stores what a recipient wants: digests, selection and, if it is
	// Active or Paused, status.
	Choose(ctx context.Context, token string, want *mailer.Subscriber) error
	// RenewFeed gives the private feed another address.
	RenewFeed(ctx context.Context, token string) error
	// Erase forgets a subscriber. With never, a hash of the address stays, and
	// keeps every mail from it.
	Erase(ctx context.Context, token string, never bool) error
}

// Records is what there is to be known about and for a subscriber.
type Records interface {
	// Record returns all that is stored about a recipient, as JSON.
	Record(ctx context.Context, token string) ([]byte, error)
	// Selection returns the query of what the digests of s may tell s.
	Selection(s *mailer.Subscriber) (syndicate.Query, error)
}

// A Recipient is somebody who gets mail.
type Recipient struct {
	mailer.Subscriber
	Fixed  bool              // named in the configuration: what they can choose is their digests
	Gone   bool              // was erased, or was never there
	Titles map[string]string // of the digests they may have, by name
	Feed   string            // address of the private feed without its format; "" when there is none
}

// maxReaderForm bounds what a form of a reader may send, in bytes.
const maxReaderForm = 64 << 10

// isReaders reports whether a path belongs to the pages of Readers.
func isReaders(path string) bool {
	return path == "/subscribe" || path == countPath || strings.HasPrefix(path, "/unsubscribe/") ||
		strings.HasPrefix(path, "/preferences/") || strings.HasPrefix(path, "/confirm/")
}

func (s *server) readerRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	page := func(pattern string, f pageFunc) { mux.Handle(pattern, s.adminPage(f)) }
	page("GET /subscribe", s.subscribePage)
	page("POST /subscribe", s.subscribe)
	page("GET "+countPath, s.count)
	page("GET /confirm/{token}", s.confirmPage)
	page("POST /confirm/{token}", s.confirm)
	page("GET /preferences/{token}", s.preferencesPage)
	page("POST /preferences/{token}", s.preferences)
	page("GET /preferences/{token}/data.json", s.record)
	page("GET /unsubscribe/{token}", s.unsubscribePage)
	page("POST /unsubscribe/{token}", s.unsubscribe)
	page("/", func(*http.Request, *view) (*response, error) { return nil, syndicate.ErrNotFound })
	return mux
}

// readers answers a request for a page of Readers.
func (s *server) readers(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/subscribe" {
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		// Mail programs and providers unsubscribe from wherever they are (RFC
		// 8058): there the token is all the right that is needed.
		if err := s.protection.Check(r); err != nil && !strings.HasPrefix(r.URL.Path, "/unsubscribe/") {
			s.Logger.Warn("form of another site refused", "path", withoutToken(r.URL.Path), "origin", r.Header.Get("Origin"))
			s.fail(w, r, http.StatusForbidden)
			return
		}
		if err := readForm(w, r, maxReaderForm); err != nil {
			s.fail(w, r, formStatus(err))
			return
		}
		if !readable(r.PostForm) {
			s.fail(w, r, http.StatusBadRequest)
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.fail(w, r, http.StatusMethodNotAllowed)
		return
	}
	s.readerMux.ServeHTTP(w, r)
}

// readable reports whether a form is one of UTF-8 text.
func readable(form url.Values) bool {
	for _, values := range form {
		if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) || strings.ContainsRune(v, 0) }) {
			return false
		}
	}
	return true
}

// readForm reads a form in either encoding, of which no more than limit bytes.
// The error is for formStatus.
func readForm(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // nobody reads the rest
		return errLongForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return r.ParseForm()
	}
	err := r.ParseMultipartForm(limit)
	if r.MultipartForm != nil {
		r.PostForm = r.MultipartForm.Value
		_ = r.MultipartForm.RemoveAll() // there are no files: all of it fits into memory
	}
	return err
}

var errLongForm = errors.New("the form is too long")

// formStatus returns the status of the answer to a form that cannot be read.
func formStatus(err error) int {
	var large *http.MaxBytesError
	if errors.Is(err, errLongForm) || errors.As(err, &large) || errors.Is(err, multipart.ErrMessageTooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// speak puts the page into a reader's language, unless they chose one here.
func (v *view) speak(lang string) {
	if lang != "" && !v.picked {
		v.text = v.s.wording(lang)
	}
}

// recipientLanguage returns the language that somebody gets mail in.
func (s *server) recipientLanguage(r *Recipient) string {
	if r.Language != "" {
		return r.Language
	}
	for _, name := range r.Digests {
		for i := range s.cfg.Digests {
			if d := &s.cfg.Digests[i]; d.Name == name && d.Language != "" {
				return d.Language
			}
		}
	}
	return ""
}

// recipient returns who the token of a page was made for, and puts the page
// into their language.
func (s *server) recipient(r *http.Request, v *view) (Recipient, error) {
	rec, err := s.Readers.Choices.Recipient(r.Context(), r.PathValue("token"))
	if err == nil {
		v.speak(s.recipientLanguage(&rec))
	}
	return rec, err
}

// title returns the title of a digest for people.
func (rec *Recipient) title(name string) string {
	if t := rec.Titles[name]; t != "" {
		return t
	}
	return name
}

// masked shortens an address so that who owns it knows it, and who was
// forwarded the mail does not learn it: r…r@example.com.
func masked(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return address
	}
	first, _ := utf8.DecodeRuneInString(local)
	last, _ := utf8.DecodeLastRuneInString(local)
	return string(first) + "…" + string(last) + "@" + domain
}

// withoutToken returns the path of a page as it may be logged: who has a token
// can do what its owner can.
func withoutToken(path string) string {
	if page, _, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok && isReaders(path) {
		return "/" + page + "/…"
	}
	return path
}

// tokenPath returns the address of one of a recipient's pages.
func tokenPath(page, token string) string { return "/" + page + "/" + url.PathEscape(token) }
