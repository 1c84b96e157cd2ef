package fetch_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"broadsheet/internal/fetch"
)

func TestPostSendsAFormAndReadsTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", 1<<20))
		default:
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, r.Method, " ", r.Header.Get("Content-Type"), " ", r.FormValue("hub.topic"), " ", r.Header.Get("Cookie"))
		}
	}))
	t.Cleanup(server.Close)
	c, err := fetch.New(fetch.Config{AllowPrivate: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	form := url.Values{"hub.topic": {"https://paper.example/?a&b"}}
	res, err := c.Post(t.Context(), server.URL, form)
	if err != nil || res.Status != http.StatusAccepted ||
		string(res.Body) != "POST application/x-www-form-urlencoded https://paper.example/?a&b " {
		t.Errorf("answer %+v, %v", res, err)
	}
	if res, err := c.Post(t.Context(), server.URL+"/moved", form); err != nil || res.Status != http.StatusTemporaryRedirect {
		t.Errorf("redirect: %+v, %v", res, err)
	}
	if res, err := c.Post(t.Context(), server.URL+"/long", form); err != nil || len(res.Body) != 4<<10 {
		t.Errorf("long answer: %v", err)
	}
}

func TestPostHasTheGuardsOfGet(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a private address was posted to")
	}))
	t.Cleanup(server.Close)
	c, err := fetch.New(fetch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for _, address := range []string{
		server.URL, "file:///etc/passwd", "ftp://hub.example/", "http://", "http://[::ffff:127.0.0.1]/", "http://me:secret@hub.example/", "\x00",
	} {
		var fault *fetch.Error
		if _, err := c.Post(t.Context(), address, url.Values{}); !errors.As(err, &fault) {
			t.Errorf("%q: %v, want a *fetch.Error", address, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error has the password: %v", address, err)
		}
	}
}
