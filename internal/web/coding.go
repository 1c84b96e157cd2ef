package web

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A coding is a content coding (RFC 9110, section 8.4.1).
type coding uint8

// The codings, the one that is liked best last.
const (
	identity coding = iota
	gzipped
	zstandard
	brotlied
	codings // how many there are
)

// codingNames are the codings' names, ready to be sent.
var codingNames = [codings][]string{{""}, {"gzip"}, {"zstd"}, {"br"}}

// Feeds are compressed once and sent often, so that it pays to do it well; the
// windows are small because feeds are, and because many are kept.
const (
	brotliQuality = 6
	windowBits    = 18
)

// A zipper compresses, and keeps what it needs for that between calls. The
// zero zipper is ready to use, by many goroutines at once.
type zipper struct {
	gzip, brotli sync.Pool
	once         sync.Once
	zstdOut      *zstd.Encoder
	zstdIn       *zstd.Decoder
}

func (z *zipper) prepare() {
	var err error
	z.zstdOut, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<windowBits),
		zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithLowerEncoderMem(true))
	if err == nil {
		z.zstdIn, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	}
	if err != nil {
		panic(err) // the options are constants
	}
}

// encode returns body in a coding.
func (z *zipper) encode(c coding, body []byte) []byte {
	var b bytes.Buffer
	var w interface {
		io.WriteCloser
		Reset(w io.Writer)
	}
	switch c {
	case gzipped:
		old, ok := z.gzip.Get().(*gzip.Writer)
		if !ok {
			old = gzip.NewWriter(nil)
		}
		defer z.gzip.Put(old)
		w = old
	case brotlied:
		old, ok := z.brotli.Get().(*brotli.Writer)
		if !ok {
			old = brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: brotliQuality, LGWin: windowBits})
		}
		defer z.brotli.Put(old)
		w = old
	case zstandard:
		z.once.Do(z.prepare)
		return bytes.Clone(z.zstdOut.EncodeAll(body, make([]byte, 0, len(body)/2)))
	default:
		return body
	}
	b.Grow(len(body)/3 + 512)
	w.Reset(&b)
	if _, err := w.Write(body); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return bytes.Clone(b.Bytes())
}

// decode returns what encode was given.
func (z *zipper) decode(c coding, body []byte) []byte {
	var err error
	switch c {
	case gzipped:
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(r)
		}
	case brotlied:
		body, err = io.ReadAll(brotli.NewReader(bytes.NewReader(body)))
	case zstandard:
		z.once.Do(z.prepare)
		body, err = z.zstdIn.DecodeAll(body, nil)
	}
	if err != nil {
		panic(err) // it is our own
	}
	return body
}
