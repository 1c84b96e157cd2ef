package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"broadsheet/syndicate"
)

const (
	// sessionCookie is the name of the cookie that operators are known by. It
	// is sent to the pages under /admin alone.
	sessionCookie = "admin"
	// sessionIdle ends a session that is not used, sessionLife any.
	sessionIdle = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour
)

// hashToken returns what is stored of what a browser shows.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// credential stands for the password: another one ends all sessions.
func (s *server) credential() string {
	if s.Admin.PasswordHash == "" {
		return ""
	}
	return hashToken(s.Admin.PasswordHash)[:16]
}

func (s *server) hasSession(r *http.Request) (bool, error) {
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return false, nil //nolint:nilerr // no cookie is no session
	}
	return s.Admin.Sessions.UseSession(r.Context(), hashToken(c.Value), s.credential(), s.Now(), sessionIdle)
}

// sessionCookie returns the cookie with a value; "" takes it back. It is Lax,
// not Strict, so that the links of the operator's feed lead to a page and not
// to the sign-in; no GET changes anything, and forms are checked besides.
func (s *server) sessionCookie(value string) *http.Cookie {
	c := &http.Cookie{
		Name: sessionCookie, Value: value, Path: s.base + "/admin", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

type signInBody struct {
	Password bool   // else by link
	Token    string // of the link that was followed
	Next     string
	Fault    string
}

// next returns the page of ours that was asked for before signing in.
func (s *server) next(values url.Values) string {
	to := values.Get("next")
	if u, err := url.Parse(to); err != nil || u.Host != "" || u.Scheme != "" || strings.Contains(to, "\\") {
		return "/admin"
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(to, s.base), "?")
	if !isAdmin(path) || strings.Contains(path, "//") {
		return "/admin"
	}
	return path
}

// signInPage asks for the password, or whether a link is to be used: following
// it changes nothing, so that it may be looked at by whatever looks at links.
func (s *server) signInPage(r *http.Request, v *view) (*response, error) {
	if ok, err := s.hasSession(r); err != nil || ok {
		return v.redirect(s.next(v.values)), err
	}
	return v.signIn(http.StatusOK, signInBody{Token: v.values.Get("token"), Next: s.next(v.values)})
}

func (v *view) signIn(status int, body signInBody) (*response, error) {
	body.Password = v.s.Admin.PasswordHash != ""
	res, err := v.render("admin/sign-in", frame{Title: v.T("admin.sign_in"), Body: body})
	if res != nil {
		res.status = status
	}
	return res, err
}

// signIn begins a session for who knows the password or has a good link. A
// session that the browser has already ends: what it showed before is never
// what it shows afterwards.
func (s *server) signIn(r *http.Request, v *view) (*response, error) {
	now, address := s.Now(), clientAddress(r)
	body := signInBody{Next: s.next(r.PostForm)}
	if wait, first := s.Tries.signIn.begin(address, now); wait > 0 {
		if first {
			s.Logger.Warn("too many attempts to sign in", "address", address)
			deed := syndicate.Deed{At: now, Who: "admin page, " + address, Action: syndicate.ActionRefused, Detail: "too many attempts"}
			if err := s.Admin.Journal.AddDeed(r.Context(), deed); err != nil {
				return nil, err
			}
		}
		body.Fault = v.T("admin.sign_in.wait", max(1, int((wait+time.Minute-1)/time.Minute)))
		return v.signIn(http.StatusTooManyRequests, body)
	}
	good, err := s.admits(r)
	if err != nil {
		return nil, err
	}
	if !good {
		s.Logger.Warn("sign-in refused", "address", address)
		body.Fault = v.T("admin.sign_in.refused")
		return v.signIn(http.StatusForbidden, body)
	}
	s.Tries.signIn.forgive(address)
	if c, err := r.Cookie(sessionCookie); err == nil {
		if err := s.Admin.Sessions.EndSession(r.Context(), hashToken(c.Value)); err != nil {
			return nil, err
		}
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	token := base64.RawURLEncoding.EncodeToString(random)
	deed := syndicate.Deed{At: now, Who: "admin page, " + address, Action: syndicate.ActionSignIn}
	if err := s.Admin.Journal.AddDeed(r.Context(), deed); err != nil {
		return nil, err
	}
	if err := s.Admin.Sessions.AddSession(r.Context(), hashToken(token), s.credential(), now, now.Add(sessionLife)); err != nil {
		return nil, err
	}
	res := v.redirect(body.Next)
	res.cookie = s.sessionCookie(token)
	return res, nil
}

// admits reports whether a form signs in.
func (s *server) admits(r *http.Request) (bool, error) {
	if s.Admin.PasswordHash == "" {
		token := r.PostForm.Get("token")
		if token == "" {
			return false, nil
		}
		return s.Admin.Sessions.UseLink(r.Context(), hashToken(token), s.Now())
	}
	// One at a time: it is meant to be slow, and must not slow the paper down.
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-r.Context().Done():
		return false, r.Context().Err()
	}
	password := r.PostForm.Get("password")
	return bcrypt.CompareHashAndPassword([]byte(s.Admin.PasswordHash), []byte(password)) == nil, nil
}

func (s *server) signOut(r *http.Request, v *view) (*response, error) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if err := s.Admin.Sessions.EndSession(r.Context(), hashToken(c.Value)); err != nil {
			return nil, err
		}
	}
	deed := syndicate.Deed{At: s.Now(), Who: syndicate.Operator(r.Context()), Action: syndicate.ActionSignOut}
	if err := s.Admin.Journal.AddDeed(r.Context(), deed); err != nil {
		return nil, err
	}
	res := v.redirect("/admin/sign-in")
	res.cookie = s.sessionCookie("")
	return res, nil
}
