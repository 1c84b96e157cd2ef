package fetch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
)

// file reads the file that a file: URL names. Its validators are made of its
// size and the time it was written.
func (c *Client) file(u *url.URL, r Request) (*Response, error) {
	path, err := filePath(u)
	if err != nil {
		return nil, err
	}
	// The kind of file is asked for first: opening a pipe would wait for its
	// other end.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileFault(path, err)
	}
	switch {
	case info.IsDir():
		return nil, fault(path, "this is a folder", "name a file in it", nil)
	case !info.Mode().IsRegular():
		return nil, fault(path, "this is no regular file", "name one", nil)
	case info.Size() > c.cfg.MaxBody:
		return nil, fault(path, fmt.Sprintf("the file of %s is larger than %s", megabytes(info.Size()), megabytes(c.cfg.MaxBody)), "split it", nil)
	}
	res := &Response{URL: r.URL, Header: http.Header{
		"Etag":          {fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano())},
		"Last-Modified": {info.ModTime().UTC().Format(http.TimeFormat)},
	}}
	if unchanged(res.Header, r) {
		res.NotModified = true
		return res, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileFault(path, err)
	}
	defer f.Close()
	if res.Body, err = io.ReadAll(io.LimitReader(f, c.cfg.MaxBody+1)); err != nil {
		return nil, fileFault(path, err)
	}
	if res.Wire = int64(len(res.Body)); res.Wire > c.cfg.MaxBody {
		return nil, fault(path, fmt.Sprintf("the file is larger than %s", megabytes(c.cfg.MaxBody)), "split it", nil)
	}
	return res, nil
}

// unchanged compares as RFC 9110, section 13.2.2, does: the date counts only
// when there is no entity tag.
func unchanged(h http.Header, r Request) bool {
	if r.ETag != "" {
		return r.ETag == h.Get("Etag")
	}
	return r.LastModified != "" && r.LastModified == h.Get("Last-Modified")
}

func filePath(u *url.URL) (string, error) {
	if u.Host != "" && u.Host != "localhost" {
		return "", fault(u.String(), fmt.Sprintf("files of another machine (%s) cannot be read", u.Host), "write file: and the path", nil)
	}
	path := u.Path
	if u.Opaque != "" {
		var err error
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return "", fault(u.String(), "this is no path", "mend the url", err)
		}
	}
	if path == "" {
		return "", fault(u.String(), "this address names no file", "write file: and the path", nil)
	}
	return path, nil
}

func fileFault(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault(path, "there is no such file", "create it or mend the url of the source", err)
	case errors.Is(err, fs.ErrPermission):
		return fault(path, "the file may not be read", "give the user that Broadsheet runs as the right to", err)
	default:
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return fault(path, fmt.Sprintf("the file cannot be read: %v", err), "check the disk and the path", err)
	}
}
