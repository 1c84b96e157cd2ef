package compose

import (
	"cmp"
	"fmt"
	"slices"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// vary renders the edition once for all subscribers who get the same, however
// many they are. A selection narrows the digest: of its themes those that are
// named, of its articles those that match. Who gets it more rarely than it is
// made has the news since the last edition that was for them.
func (c *Composer) vary(d mailer.Digest, e *mailer.Edition, p *pool) error {
	p.ask(e.Shares, c.location(d), e.Until)
	if e.Skipped != "" {
		return c.varySkipped(d, e, p)
	}
	return c.varyShares(d, e, p, func(*mailer.Share) bool { return true })
}

// varySkipped is vary for an edition that has nothing new since the one before.
// Others may have waited for it: if it tells these something, it is sent to
// them, and its page shows what is in it for those of them who chose nothing.
func (c *Composer) varySkipped(d mailer.Digest, e *mailer.Edition, p *pool) error {
	if err := c.varyShares(d, e, p, func(s *mailer.Share) bool { return s.After != 0 }); err != nil {
		return err
	}
	first := int64(0)
	for i := range e.Variants {
		if v := &e.Variants[i]; v.Empty == "" && (first == 0 || v.After < first) {
			first = v.After
		}
	}
	if first == 0 {
		e.Variants = nil
		return nil
	}
	e.Nothing, e.Skipped = e.Skipped, ""
	for i := range e.Shares {
		if s := &e.Shares[i]; s.Wait == "" && s.After == 0 {
			s.Variant = len(e.Variants)
		}
	}
	e.Variants = append(e.Variants, mailer.Variant{Language: e.Language, Empty: e.Nothing})
	e.Sections = c.window(d, e, p, first).sections(e.Language)
	if err := c.render(d, e); err != nil {
		return &RenderError{err}
	}
	return nil
}

// varyShares renders the variants for those of the shares that some picks.
func (c *Composer) varyShares(d mailer.Digest, e *mailer.Edition, p *pool, some func(*mailer.Share) bool) error {
	at := map[string]int{}
	windows := map[int64]*window{}
	for i := range e.Shares {
		s := &e.Shares[i]
		v := mailer.Variant{Selection: s.Selection, After: s.After, Important: s.Frequency == mailer.Important}
		if s.Wait != "" || !some(s) || v.Plain() && v.After == 0 && !v.Important {
			continue
		}
		key := fmt.Sprintf("%q %d %t", []string{s.Wish(), s.Language, string(s.Format)}, v.After, v.Important)
		n, ok := at[key]
		if !ok {
			if windows[v.After] == nil {
				windows[v.After] = c.window(d, e, p, v.After)
			}
			w := *windows[v.After]
			w.articles, w.important = slices.Clone(w.articles), v.Important
			if err := c.variant(&w, e, p, &v); err != nil {
				return err
			}
			n = len(e.Variants)
			at[key] = n
			e.Variants = append(e.Variants, v)
		}
		s.Variant = n
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

// variant renders a variant of the edition from a window of what all with its
// mark may be told.
func (c *Composer) variant(w *window, e *mailer.Edition, p *pool, v *mailer.Variant) error {
	v.Language = cmp.Or(v.Selection.Language, e.Language)
	if w.d = c.narrow(w.d, v.Selection); len(w.d.Themes) == 0 {
		v.Empty = "none of the themes they chose is in this digest any more"
		return nil
	}
	if err := w.narrow(p, v.Selection); err != nil {
		v.Empty = "their query cannot be read any more: " + err.Error()
		return nil //nolint:nilerr // the others get theirs
	}
	own := *e
	own.Language, own.Variants, own.Shares = v.Language, nil, nil
	if v.After != 0 {
		own.Since = w.mark.Until
	}
	if v.Query != "" || v.After != 0 || v.Important {
		own.Past = nil // those were chosen otherwise
	}
	own.Sections = w.sections(v.Language)
	switch {
	case len(own.Sections) > 0:
	case v.Important:
		v.Empty = "nothing important among what they chose"
		return nil
	case !w.d.SendEmpty:
		v.Empty = "nothing new among what they chose"
		return nil
	}
	if err := c.render(w.d, &own); err != nil {
		return &RenderError{err}
	}
	v.Subject, v.Sections, v.Text = own.Subject, own.Sections, own.Text
	if v.Format != mailer.Text {
		v.HTML = own.HTML
	}
	return nil
}
