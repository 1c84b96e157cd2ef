package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"broadsheet/internal/app"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// wait is what a step does that takes d.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	if err := app.StandAside(t.Context(), d); err != nil {
		t.Error(err)
	}
}

func TestBatchesStandAsideAsLongAsTheyTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, pauses := range []bool{true, false} {
			began, steps := time.Now(), 0
			pause, want := app.StandAside, 2*(1+2)*time.Second+3*time.Second // there is nobody to stand aside for after the last
			if !pauses {
				pause, want = nil, (1+2+3)*time.Second
			}
			err := app.InBatches(t.Context(), pause, func(context.Context) (bool, error) {
				steps++
				wait(t, time.Duration(steps)*time.Second)
				return steps < 3, nil
			})
			if took := time.Since(began); err != nil || steps != 3 || took != want {
				t.Errorf("pauses %v: %d steps in %v, %v; want 3 in %v", pauses, steps, took, err, want)
			}
		}
	})
}

func TestBatchesEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		began, steps := time.Now(), 0
		err := app.InBatches(ctx, app.StandAside, func(context.Context) (bool, error) {
			steps++
			wait(t, time.Minute)
			return steps < 3, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || steps != 1 || time.Since(began) != 90*time.Second {
			t.Errorf("%d steps, %v after %v; want to end in the first pause", steps, err, time.Since(began))
		}
	})
}

func TestBatchesEndWithTheFirstFault(t *testing.T) {
	t.Parallel()
	fault, steps := errors.New("the disk is full"), 0
	err := app.InBatches(t.Context(), func(context.Context, time.Duration) error { return nil }, func(context.Context) (bool, error) {
		steps++
		return true, fault
	})
	if !errors.Is(err, fault) || steps != 1 {
		t.Errorf("%d steps, %v", steps, err)
	}
}

// While articles are filed anew, told apart and deleted, another process
// stores what it has after every batch.
func TestOthersWriteBetweenBatches(t *testing.T) {
	t.Parallel()
	file, write := smallPaper(t, "127.0.0.1:0", "贷款", "http://127.0.0.1:1/wire.rss")
	write("贷款", "keep: 60d\n")
	cfg := load(t, file)
	now := time.Date(2026, 8, 1, 8, 0, 0, 0, time.UTC)
	c := &clock{now: now}
	a, err := app.New(t.Context(), cfg, app.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	other, err := store.Open(t.Context(), cfg.Store, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	articles := func(from, to int) {
		t.Helper()
		var as []syndicate.Article
		for i := from; i < to; i++ {
			title := fmt.Sprintf("Note %d of the harbour", i)
			as = append(as, syndicate.Article{
				Key: fmt.Sprintf("%032x", i), Source: "wire", ID: title, Title: title, Text: title, Language: "en", Published: now, FirstSeen: now,
			})
		}
		if _, _, err := other.Record(t.Context(), syndicate.Poll{Source: "wire", LastAt: now, NextAt: now}, "of other themes", as); err != nil {
			t.Fatal(err)
		}
	}
	pauses, written, marks := 0, 0, 0
	a.UsePause(func(ctx context.Context, _ time.Duration) error {
		pauses++
		marks++
		mark := fmt.Sprint("mark ", marks)
		got, err := other.Setting(ctx, mark, func() string { written++; return mark })
		if err == nil && got != mark {
			err = fmt.Errorf("stored %q as %q", mark, got)
		}
		return err
	})
	articles(0, 501)
	for _, x := range []struct {
		kind   string
		pauses int
		left   int
	}{{"refile", 11, 501}, {"stories", 3, 501}, {"expire", 1, 0}} {
		if x.kind == "expire" {
			c.Set(now.Add(61 * 24 * time.Hour))
		}
		pauses, written = 0, 0
		if err := a.LongWork(t.Context(), x.kind); err != nil {
			t.Fatalf("%s: %v", x.kind, err)
		}
		left, err := other.Count(t.Context(), syndicate.Query{}, c.Now())
		if err != nil || left != x.left || pauses != x.pauses || written != x.pauses {
			t.Errorf("%s: %d pauses and %d writes, %d articles left, %v; want %d and %d", x.kind, pauses, written, left, err, x.pauses, x.left)
		}
	}
	now, pauses = c.Now(), 0
	articles(1000, 1201)
	if err := a.TellStories(t.Context()); err != nil || pauses > 0 {
		t.Errorf("whoever waits for stories is kept by %d pauses, %v", pauses, err)
	}
	if untold, err := other.Untold(t.Context()); err != nil || untold {
		t.Errorf("stories are left untold, %v", err)
	}
}
