package store

import (
	"context"
	"time"
)

// A Proof says when a subscriber agreed to what.
type Proof struct {
	Consent
	Asked         time.Time
	AskedFrom     string // network, as a hash
	Confirmed     time.Time
	ConfirmedFrom string
}

// Proofs returns how a subscriber came to be one, the latest first; none for
// those whom an operator added.
func (s *Store) Proofs(ctx context.Context, subscriber int64) ([]Proof, error) {
	ps, err := query(ctx, s.read, func(r scanner) (p Proof, err error) {
		err = r.Scan(&p.Version, &p.Wording, moment{&p.Asked}, &p.AskedFrom, moment{&p.Confirmed}, &p.ConfirmedFrom)
		return p, err
	}, `
		SELECT c.consent, COALESCE(t.wording, ''), c.asked_at, c.asked_from, c.confirmed_at, c.confirmed_from
		FROM consents c LEFT JOIN consent_texts t ON t.version = c.consent
		WHERE c.subscriber = $1
		ORDER BY c.confirmed_at DESC, c.id DESC`, subscriber)
	return ps, s.failed("read what a subscriber agreed to", err)
}
