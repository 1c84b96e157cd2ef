package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// maxDocument bounds what read and classify take from a file or a pipe, in
// bytes: as much as a fetched document may be when it is inflated.
const maxDocument = 15 << 20

func (c *command) read() *cobra.Command {
	var as, address string
	var headers []string
	cmd := &cobra.Command{
		Use:   "read FILE|URL|-",
		Short: "Print what a document says, as JSON",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := parseKind(as)
			if err != nil {
				return err
			}
			in := read.Input{Kind: kind, URL: address, Header: http.Header{}}
			for _, h := range headers {
				name, value, ok := strings.Cut(h, ":")
				if !ok {
					return usagef("--header %q: has no colon; write 'Name: value'", h)
				}
				in.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
			}
			if err := c.document(cmd.Context(), args[0], &in); err != nil {
				return errors.Join(err, printJSON(c.out, read.NewOutput(in, nil, err)))
			}
			res, err := read.Read(cmd.Context(), in)
			return errors.Join(err, printJSON(c.out, read.NewOutput(in, res, err)))
		},
	}
	cmd.Flags().StringVar(&as, "as", "feed", "what the document is: feed, page, listing or newsletter")
	cmd.Flags().StringVar(&address, "url", "", "the address it came from")
	cmd.Flags().StringArrayVar(&headers, "header", nil, "a response header it came with, 'Name: value' (may be given again)")
	return cmd
}

func parseKind(s string) (syndicate.Kind, error) {
	kinds := []syndicate.Kind{syndicate.KindFeed, syndicate.KindPage, syndicate.KindListing, syndicate.KindNewsletter}
	if k := syndicate.Kind(s); slices.Contains(kinds, k) {
		return k, nil
	}
	return "", usagef("--as %q: is not a kind of document; use feed, page, listing or newsletter", s)
}

// document fills in the body of a file, an address or standard input, and
// what is known of it.
func (c *command) document(ctx context.Context, name string, in *read.Input) error {
	var err error
	switch {
	case name == "-":
		in.Body, err = limited(c.stdin, "standard input")
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		return c.download(ctx, name, in)
	default:
		in.Body, err = readFile(name)
		if abs, aerr := filepath.Abs(name); aerr == nil && in.URL == "" {
			in.URL = (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String()
		}
	}
	return err
}

// download fetches a document. The address was typed by the operator, so its
// own host may be private; what it redirects to may not.
func (c *command) download(ctx context.Context, address string, in *read.Input) error {
	cfg := fetch.Default()
	if u, err := url.Parse(address); err == nil {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		cfg.AllowPrivate = append(cfg.AllowPrivate, u.Hostname()+":"+port)
	}
	client, err := fetch.New(cfg)
	if err != nil {
		return err
	}
	resp, err := client.Get(ctx, fetch.Request{URL: address})
	if err != nil {
		return err
	}
	if resp.Status != http.StatusOK {
		return errors.New(address + ": the server answered " + http.StatusText(resp.Status) + "; check the address")
	}
	in.Body = resp.Body
	if in.URL == "" {
		in.URL = resp.URL
	}
	for name, values := range resp.Header {
		if in.Header.Get(name) == "" {
			in.Header[name] = values
		}
	}
	return nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return limited(f, name)
}

func limited(r io.Reader, name string) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxDocument {
		return nil, errors.New(name + ": is larger than 15 MiB; documents of that size are not read")
	}
	return body, nil
}
