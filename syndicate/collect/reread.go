package collect

import (
	"context"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// A Reading is what an answer says when it is read as a source's document.
type Reading struct {
	Result   *read.Result // nil when nothing can be read
	Articles []syndicate.Article
	Shape    syndicate.Shape
	Err      error // why nothing can be read
}

// Reread reads an answer as a poll of the source would, and stores nothing. A
// poll also looks at which articles are known.
func Reread(ctx context.Context, src *syndicate.Source, a *syndicate.Answer, now time.Time) Reading {
	res, err := read.Read(ctx, input(src, a))
	if err != nil {
		return Reading{Err: err}
	}
	articles := read.Articles(src, res, now)
	return Reading{Result: res, Articles: articles, Shape: shapeOf(res, articles)}
}

// input is an answer as reading takes it.
func input(src *syndicate.Source, a *syndicate.Answer) read.Input {
	return read.Input{
		Body: a.Body, URL: a.URL, Header: a.Header, Kind: src.Kind,
		Location: src.Location, Language: src.Language, Page: src.Page,
	}
}
