package collect

import (
	"context"
	"net/url"
	"os"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// mailFolder returns the folder that a newsletter's mail lies in: a Maildir,
// or a folder of messages. A newsletter that is a single file is polled as
// every other file.
func (p *poll) mailFolder() (path string, ok bool) {
	if p.src.Kind != syndicate.KindNewsletter || !p.local() {
		return "", false
	}
	u, err := url.Parse(p.src.URL)
	if err != nil {
		return "", false
	}
	info, err := os.Stat(u.Path)
	return u.Path, err == nil && info.IsDir()
}

// readFolder reads the messages of a folder and returns the articles to store.
// The folder has no validators: messages are known by their ids.
func (p *poll) readFolder(ctx context.Context, path string) ([]syndicate.Article, error) {
	doc, err := read.Folder(ctx, os.DirFS(path), input(&p.src, &syndicate.Answer{URL: p.src.URL}))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		p.fail(path + ": " + err.Error())
		return nil, nil //nolint:nilerr // the source's fault: told and remembered, not ours
	}
	articles, err := p.take(ctx, doc)
	if err != nil {
		return nil, err
	}
	p.succeed(syndicate.Fetched, &fetch.Response{URL: p.src.URL})
	p.report.Entries, p.report.Repairs = len(doc.Entries), doc.Repairs
	return articles, nil
}
