package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
)

// A Status is how the paper is.
type Status struct {
	Database   string               `json:"database"`
	Sources    int                  `json:"sources"`
	Faulty     int                  `json:"faulty_sources"`
	Articles   int                  `json:"articles"`
	Themes     []ThemeStatus        `json:"themes"`
	Editions   int                  `json:"editions"`
	Followers  int                  `json:"followers"` // of feeds, through our hub
	Digests    []DigestStatus       `json:"digests"`
	Deliveries map[mailer.State]int `json:"deliveries"`
	UnderWay   []UnderWay           `json:"under_way"` // editions that are not delivered to the end
	OpsFeed    string               `json:"ops_feed"`  // address of the operator's private feed, with its key
	Attention  []string             `json:"attention"` // what a person should look at
}

// A ThemeStatus says how much is filed under a theme.
type ThemeStatus struct {
	Theme    string `json:"theme"`
	Articles int    `json:"articles"`
}

// A DigestStatus says when a digest goes out.
type DigestStatus struct {
	Name   string    `json:"name"`
	NextAt time.Time `json:"next_at"`
	LastAt time.Time `json:"last_at,omitzero"`
	Held   string    `json:"held,omitempty"` // why the edition that is due cannot be made
	HeldAt time.Time `json:"held_at,omitzero"`
	OnHold time.Time `json:"on_hold,omitzero"` // since when an operator holds it; zero: nobody does
}

// DeliveryStates returns the states that deliveries are in, in the order of a
// delivery's life.
func (s Status) DeliveryStates() []mailer.State {
	var states []mailer.State
	for _, st := range []mailer.State{
		mailer.Planned, mailer.Leased, mailer.Uncertain,
		mailer.Deferred, mailer.Accepted, mailer.Failed, mailer.Suppressed,
	} {
		if s.Deliveries[st] > 0 {
			states = append(states, st)
		}
	}
	return states
}

// Status returns how the paper is.
func (a *App) Status(ctx context.Context) (Status, error) {
	stats, err := a.store.Stats(ctx)
	if err != nil {
		return Status{}, err
	}
	sources, err := a.polled(ctx)
	if err != nil {
		return Status{}, err
	}
	digests, err := a.store.Digests(ctx)
	if err != nil {
		return Status{}, err
	}
	ops, err := a.opsAddress(ctx)
	if err != nil {
		return Status{}, err
	}
	underWay, err := a.underWay(ctx)
	if err != nil {
		return Status{}, err
	}
	cfg := a.Config()
	s := Status{
		Database: cfg.Store.Redacted(), Sources: len(sources), Articles: stats.Articles,
		Themes: []ThemeStatus{}, Editions: stats.Editions, Followers: stats.Followers, Digests: []DigestStatus{},
		Deliveries: stats.Deliveries, UnderWay: underWay, OpsFeed: ops, Attention: []string{},
	}
	for _, src := range sources {
		if src.Poll.Error != "" {
			s.Faulty++
			s.Attention = append(s.Attention, "source "+src.Name+": "+src.Poll.Error)
		}
	}
	for _, t := range cfg.Themes {
		s.Themes = append(s.Themes, ThemeStatus{t.ID, stats.Themes[t.ID]})
	}
	for _, d := range digests {
		s.Digests = append(s.Digests, DigestStatus(d))
		if d.Held != "" {
			s.Attention = append(s.Attention, heldNotice(d))
		}
	}
	if n := stats.Deliveries[mailer.Failed]; n > 0 {
		s.Attention = append(s.Attention, fmt.Sprintf("%d deliveries failed for good", n))
	}
	if n := stats.Deliveries[mailer.Uncertain]; n > 0 {
		what := "they are sent again with the same Message-ID"
		if cfg.Deliver.Hold {
			what = "they may have arrived and are held; broadsheet digest resend sends them again"
		}
		s.Attention = append(s.Attention, fmt.Sprintf("%d deliveries are uncertain; %s", n, what))
	}
	held, err := a.store.HeldBack(ctx)
	if err != nil {
		return Status{}, err
	}
	for _, h := range held {
		s.Attention = append(s.Attention, fmt.Sprintf("edition %d of %s is held back, large providers would refuse it: %s; %s",
			h.Number, h.Digest, strings.ReplaceAll(h.Reason, "\n", "; "), sendAnyway))
	}
	for _, u := range s.UnderWay {
		if u.Halted != "" {
			s.Attention = append(s.Attention, fmt.Sprintf("edition %d of %s is halted: %s", u.Edition, u.Digest, u.Halted))
		}
	}
	return s, nil
}

// heldNotice says which edition is held, and why.
func heldNotice(d store.DigestState) string {
	return fmt.Sprintf("the edition of %s due %s is held: %s; its articles wait until this is mended", d.Name, d.NextAt.UTC().Format(time.RFC3339), d.Held)
}
