package fetch_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"broadsheet/internal/fetch"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "新闻 listing.txt")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	written := time.Date(2026, 11, 23, 8, 0, 0, 500, time.UTC)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
	address := (&url.URL{Scheme: "file", Path: path}).String()
	c := client(t, nil)
	res, err := c.Get(t.Context(), fetch.Request{URL: address, AllowFile: true})
	if err != nil {
		t.Fatal(err)
	}
	etag, modified := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
	if string(res.Body) != "one" || res.Status != 0 || res.NotModified || modified != "Mon, 23 Nov 2026 08:00:00 GMT" || etag == "" {
		t.Errorf("response %+v", res)
	}
	for name, r := range map[string]fetch.Request{
		"by tag and date": {ETag: etag, LastModified: modified},
		"by date alone":   {LastModified: modified},
	} {
		r.URL, r.AllowFile = "file:"+path, true
		if res, err := c.Get(t.Context(), r); err != nil || !res.NotModified || res.Body != nil {
			t.Errorf("%s: %+v, %v, want not modified", name, res, err)
		}
	}
	// Written again within the same second.
	if err := os.WriteFile(path, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, written, written.Add(time.Microsecond)); err != nil {
		t.Fatal(err)
	}
	res, err = c.Get(t.Context(), fetch.Request{URL: address, ETag: etag, LastModified: modified, AllowFile: true})
	if err != nil || string(res.Body) != "two" {
		t.Errorf("%+v, %v, want the new text", res, err)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ url, place, want string }{
		"missing":         {"file://" + dir + "/none", dir + "/none", "there is no such file; create it or mend the url of the source"},
		"folder":          {"file:" + dir, dir, "this is a folder; name a file in it"},
		"device":          {"file:///dev/zero", "/dev/zero", "this is no regular file; name one"},
		"below a file":    {"file:" + large + "/x", large + "/x", "the file cannot be read: not a directory; check the disk and the path"},
		"large":           {"file:" + large, large, "the file of 2000 bytes is larger than 1000 bytes; split it"},
		"another machine": {"file://server/share", "file://server/share", "files of another machine (server) cannot be read; write file: and the path"},
		"nothing":         {"file:", "file:", "this address names no file; write file: and the path"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, func(cfg *fetch.Config) { cfg.MaxBody = 1000 })
			_, err := c.Get(t.Context(), fetch.Request{URL: tt.url, AllowFile: true})
			wantError(t, err, tt.place, tt.want)
		})
	}
}
