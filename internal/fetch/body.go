package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Below this many bytes no compression ratio is suspicious.
const ratioFloor = 64 << 10

// A limitError is a limit that an answer broke.
type limitError struct{ fault string }

func (e *limitError) Error() string { return e.fault }

// A decodeError is a compressed body that cannot be decompressed.
type decodeError struct {
	coding string
	err    error
}

func (e *decodeError) Error() string { return fmt.Sprintf("bad %s data: %v", e.coding, e.err) }
func (e *decodeError) Unwrap() error { return e.err }

// body reads and decodes the body of an answer within the limits, no more than
// prefix bytes of it unless that is 0. Wire is what was read of it.
func (c *Client) body(answer *http.Response, prefix int64) (body []byte, wire int64, err error) {
	if answer.ContentLength > c.cfg.MaxWire && prefix == 0 {
		return nil, 0, c.tooLarge(answer.ContentLength)
	}
	w := &wireReader{r: answer.Body, limit: c.cfg.MaxWire}
	r, codings, err := c.decoders(w, answer.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, w.n, err
	}
	defer r.Close()
	var out bytes.Buffer
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		out.Write(buf[:n])
		size := int64(out.Len())
		switch {
		case prefix > 0 && size >= prefix:
			return out.Bytes()[:prefix], w.n, nil
		case w.n > c.cfg.MaxWire:
			return nil, w.n, c.tooLarge(w.n)
		case size > c.cfg.MaxBody:
			return nil, w.n, &limitError{fmt.Sprintf("the document is larger than %s", megabytes(c.cfg.MaxBody))}
		case codings != "" && size > ratioFloor && size/c.cfg.MaxRatio > w.n:
			return nil, w.n, &limitError{fmt.Sprintf("the document inflates to more than %d times its size", c.cfg.MaxRatio)}
		case errors.Is(err, io.EOF):
			return out.Bytes(), w.n, nil
		case err != nil && codings != "" && !w.failed:
			return nil, w.n, &decodeError{codings, err}
		case err != nil:
			return nil, w.n, err
		}
	}
}

func (c *Client) tooLarge(n int64) error {
	return &limitError{fmt.Sprintf("the answer of %s or more is larger than %s", megabytes(n), megabytes(c.cfg.MaxWire))}
}

func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// decoders undoes the content codings, last one first, at most two.
func (c *Client) decoders(w io.Reader, values []string) (io.ReadCloser, string, error) {
	var codings []string
	for _, v := range strings.Split(strings.Join(values, ","), ",") {
		if v = strings.ToLower(strings.TrimSpace(v)); v != "" && v != "identity" && v != "none" {
			codings = append(codings, v)
		}
	}
	if len(codings) > 2 {
		return nil, "", &limitError{fmt.Sprintf("the answer is compressed %d times", len(codings))}
	}
	r := io.NopCloser(w)
	for i := len(codings) - 1; i >= 0; i-- {
		next, err := c.decoder(codings[i], r)
		if err != nil {
			return nil, "", err
		}
		r = next
	}
	return r, strings.Join(codings, ", "), nil
}

func (c *Client) decoder(coding string, r io.Reader) (io.ReadCloser, error) {
	switch coding {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if errors.Is(err, io.EOF) {
			return io.NopCloser(strings.NewReader("")), nil // no body at all
		}
		if err != nil {
			return nil, &decodeError{coding, err}
		}
		return z, nil
	case "br":
		return io.NopCloser(brotli.NewReader(r)), nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(uint64(c.cfg.MaxBody)))
		if err != nil {
			return nil, &decodeError{coding, err}
		}
		return z.IOReadCloser(), nil
	default:
		return nil, &limitError{fmt.Sprintf("the answer is compressed with %q, which was not asked for", coding)}
	}
}

// A wireReader counts bytes and ends one byte past the limit.
type wireReader struct {
	r      io.Reader
	n      int64
	limit  int64
	failed bool // the connection, not the data, is at fault
}

// Read implements io.Reader.
func (w *wireReader) Read(p []byte) (int, error) {
	left := w.limit + 1 - w.n
	if left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	n, err := w.r.Read(p)
	w.n += int64(n)
	w.failed = err != nil && !errors.Is(err, io.EOF)
	return n, err
}
