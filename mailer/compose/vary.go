package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// vary renders the edition once for each selection that subscribers of its
// digest have, however many they are. A selection narrows the digest: of its
// themes those that are named, of its articles those that match.
func (c *Composer) vary(ctx context.Context, d mailer.Digest, e *mailer.Edition, articles []syndicate.Told) error {
	audiences, err := c.Store.Audiences(ctx, d.Name)
	if err != nil {
		return fmt.Errorf("look up the subscribers: %w", err)
	}
	for _, a := range audiences {
		if a.Plain() {
			continue
		}
		v, err := c.variant(d, e, articles, a.Selection)
		if err != nil {
			return fmt.Errorf("%d subscribers: %w", a.Subscribers, err)
		}
		e.Variants = append(e.Variants, v)
	}
	return nil
}

// narrow returns a digest with those of its themes that a selection names, all
// when it names none.
func (c *Composer) narrow(d mailer.Digest, sel mailer.Selection) mailer.Digest {
	var chosen []string
	for _, t := range c.themes(d) {
		if len(sel.Themes) == 0 || slices.Contains(sel.Themes, t.ID) {
			chosen = append(chosen, t.ID)
		}
	}
	d.Themes = chosen
	return d
}

// Query returns what the editions of a digest may tell subscribers with a
// selection. The error is a *[syndicate.QueryError].
func (c *Composer) Query(d mailer.Digest, sel mailer.Selection) (syndicate.Query, error) {
	if d = c.narrow(d, sel); len(d.Themes) == 0 {
		return syndicate.Query{Root: syndicate.Or{}}, nil // nothing
	}
	q, err := selection(d, c.themes(d), c.location(d))
	if err != nil || sel.Query == "" {
		return q, err
	}
	own, err := syndicate.ParseQuery(sel.Query, c.location(d))
	return own.And(q), err
}

// variant renders the edition for one selection.
func (c *Composer) variant(d mailer.Digest, e *mailer.Edition, articles []syndicate.Told, sel mailer.Selection) (mailer.Variant, error) {
	v := mailer.Variant{Selection: sel, Language: cmp.Or(sel.Language, e.Language)}
	if d = c.narrow(d, sel); len(d.Themes) == 0 {
		v.Empty = "none of the themes they chose is in this digest any more"
		return v, nil
	}
	if sel.Query != "" {
		q, err := syndicate.ParseQuery(sel.Query, c.location(d))
		if err != nil {
			v.Empty = "their query cannot be read any more: " + err.Error()
			return v, nil //nolint:nilerr // the others get theirs
		}
		articles = slices.DeleteFunc(slices.Clone(articles), func(a syndicate.Told) bool { return !q.Match(&a.Article, e.Until) })
	}
	own := *e
	own.Language, own.Variants = v.Language, nil
	if sel.Query != "" {
		own.Past = nil // those were chosen otherwise
	}
	own.Sections = c.sections(d, v.Language, articles)
	if len(own.Sections) == 0 && !d.SendEmpty {
		v.Empty = "nothing new among what they chose"
		return v, nil
	}
	if err := c.render(d, &own); err != nil {
		return v, err
	}
	v.Subject, v.Sections, v.Text = own.Subject, own.Sections, own.Text
	if sel.Format != mailer.Text {
		v.HTML = own.HTML
	}
	return v, nil
}
