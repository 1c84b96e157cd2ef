package deliver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/submit"
)

// The outbox of the other tests is a model; this one is the real thing.
func TestWithTheRealStore(t *testing.T) {
	dir := t.TempDir()
	open := func() *store.Store {
		s, err := store.Open(t.Context(), store.Config{Database: "sqlite:" + filepath.Join(dir, "broadsheet.db")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	c := newClock()
	model := newOutbox(c, 60)
	e := model.edition
	e.ID, e.Number, e.At, e.Created = 0, 0, time.Now(), time.Now()
	c.set(time.Now())
	for i := range model.rows {
		model.rows[i].NextAt = c.now()
	}
	if err := s.SaveEdition(t.Context(), &e, model.rows, time.Time{}); err != nil {
		t.Fatal(err)
	}

	config := submit.Default()
	config.Directory = filepath.Join(dir, "outbox")
	tr, err := submit.New(config)
	if err != nil {
		t.Fatal(err)
	}
	run := func(s *store.Store, tr deliver.Transport) *deliver.Deliverer {
		return &deliver.Deliverer{Store: s, Transport: tr, Sender: mailer.Sender{From: config.From, Contact: "editor@example.com"}, Owner: "one", Now: c.now}
	}
	// The first process dies after its seventh message was written.
	if at := untilDeath(func() { _, _ = run(s, mortal{tr, &killer{left: 14}}).Deliver(t.Context(), e.ID) }); at != "after send" {
		t.Fatalf("it died %q", at)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open()
	defer s.Close()
	d := run(s, tr)
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum, err := d.Deliver(t.Context(), e.ID)
	if err != nil || sum.Accepted != 54 {
		t.Errorf("summary %+v, error %v; want the 54 that are left", sum, err)
	}
	rows, err := s.Deliveries(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, dv := range rows {
		attempts := 1
		if i == 6 {
			attempts = 2
		}
		if dv.State != mailer.Accepted || dv.To != fmt.Sprintf("reader%d@example.org", i+1) || dv.Attempts != attempts {
			t.Errorf("row %d: %+v", i, dv)
		}
	}
	if files, err := os.ReadDir(config.Directory); err != nil || len(files) != 60 {
		t.Errorf("%d files, error %v; want 60", len(files), err)
	}
}
