package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/app"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// A digest on hold makes no edition, and makes up for it once it is released,
// however late that is; the account of what was done has both.
func TestADigestIsHeldAndReleased(t *testing.T) {
	t.Parallel()
	a, c := opened(t)
	ctx := t.Context()
	if err := a.HoldDigest(ctx, "daily"); err != nil {
		t.Fatal(err)
	}
	since := c.Now()
	c.Set(time.Date(2026, 11, 23, 8, 0, 1, 0, time.UTC))
	if err := a.ComposeDue(ctx); err != nil {
		t.Fatal(err)
	}
	if s, d := daily(t, a); s.Editions != 0 || !d.OnHold.Equal(since) {
		t.Errorf("on hold: %d editions, %+v", s.Editions, d)
	}
	var onHold *app.OnHoldError
	if _, err := a.Send(ctx, "daily", ""); !errors.As(err, &onHold) || !strings.Contains(err.Error(), "broadsheet digest release daily") {
		t.Errorf("sent by hand: %v", err)
	}
	if sent, err := a.Send(ctx, "daily", "trial@paper.test"); err != nil || sent.Counts[mailer.Accepted] != 1 {
		t.Errorf("a trial: %+v, %v", sent, err)
	}
	c.Set(time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)) // if_missed allows an hour
	if released, err := a.ReleaseDigest(ctx, "daily"); err != nil || !released {
		t.Errorf("released: %t, %v", released, err)
	}
	if released, err := a.ReleaseDigest(ctx, "daily"); err != nil || released {
		t.Errorf("released again: %t, %v", released, err)
	}
	if err := a.ComposeDue(ctx); err != nil {
		t.Fatal(err)
	}
	s, d := daily(t, a)
	if s.Editions != 1 || !d.OnHold.IsZero() || s.Deliveries[mailer.Planned] != 1 {
		t.Errorf("released: %+v", s)
	}
	deeds, err := a.Deeds(ctx, 10, 0)
	var done []string
	for _, x := range slices.Backward(deeds) {
		done = append(done, x.Action+" "+x.Object)
	}
	if got := strings.Join(done, ", "); err != nil || got != "hold daily, release daily, release daily" {
		t.Errorf("deeds %q, %v", got, err)
	}
	for _, err := range []error{a.HoldDigest(ctx, "none"), func() error { _, err := a.ReleaseDigest(ctx, "none"); return err }()} {
		if !errors.Is(err, syndicate.ErrNotFound) {
			t.Errorf("of no digest: %v", err)
		}
	}
}

// What is held of an edition is not sent, and goes on where it stopped.
func TestAnEditionIsHeldAndGoesOn(t *testing.T) {
	t.Parallel()
	a, c := opened(t)
	ctx := t.Context()
	c.Set(time.Date(2026, 11, 23, 8, 0, 1, 0, time.UTC))
	if err := a.ComposeDue(ctx); err != nil {
		t.Fatal(err)
	}
	if held, err := a.HoldEdition(ctx, "daily", 1); err != nil || !held {
		t.Fatalf("held: %t, %v", held, err)
	}
	if err := a.DeliverDue(ctx); err != nil {
		t.Fatal(err)
	}
	s, _ := daily(t, a)
	if s.Deliveries[mailer.Planned] != 1 || len(s.UnderWay) != 1 || s.UnderWay[0].Halted != "held by an operator" {
		t.Errorf("held: %v, %+v", s.Deliveries, s.UnderWay)
	}
	if released, err := a.ReleaseEdition(ctx, "daily", 1); err != nil || !released {
		t.Fatalf("released: %t, %v", released, err)
	}
	if err := a.DeliverDue(ctx); err != nil {
		t.Fatal(err)
	}
	if s, _ := daily(t, a); s.Deliveries[mailer.Accepted] != 1 || len(s.UnderWay) != 0 {
		t.Errorf("released: %v, %+v", s.Deliveries, s.UnderWay)
	}
	if released, err := a.ReleaseEdition(ctx, "daily", 1); err != nil || released {
		t.Errorf("released again: %t, %v", released, err)
	}
	if _, err := a.HoldEdition(ctx, "daily", 9); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("of no edition: %v", err)
	}
}

// The preview of a variant is what its readers are sent, before and after.
func TestPreviewOfWhatReadersChose(t *testing.T) {
	t.Parallel()
	a, _ := opened(t)
	ctx := t.Context()
	for _, s := range []mailer.Subscriber{
		{Email: "all@reader.test"},
		{Email: "text@reader.test", Selection: mailer.Selection{Format: mailer.Text, Query: "ferry"}},
		{Email: "lost@reader.test", Selection: mailer.Selection{Query: "submarine"}},
	} {
		if _, err := a.Subscribe(ctx, s, false); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := a.Plan(ctx, "daily")
	if err != nil || len(plan.Variants) != 2 || plan.Variants[0].Key != "" || plan.Variants[1].Query != "ferry" {
		t.Fatalf("plan %+v, %v", plan.Variants, err)
	}
	key := plan.Variants[1].Key
	before, err := a.PreviewVariant(ctx, "daily", key, "desk@paper.test", "text")
	if err != nil || !strings.Contains(string(before), "A loan for the ferry") {
		t.Errorf("preview: %v\n%s", err, before)
	}
	for _, bad := range []string{"", "ffffffffffff"} {
		if _, err := a.PreviewVariant(ctx, "daily", bad, "desk@paper.test", "text"); !errors.Is(err, syndicate.ErrNotFound) {
			t.Errorf("variant %q: %v", bad, err)
		}
	}
	sent, err := a.Send(ctx, "daily", "")
	if err != nil {
		t.Fatal(err)
	}
	variants, err := a.EditionVariants(ctx, sent.Edition.ID)
	if err != nil || len(variants) != 1 {
		t.Fatalf("variants %+v, %v", variants, err)
	}
	after, err := a.PreviewEdition(ctx, "daily", 1, variants[0].ID, "desk@paper.test", "text")
	want := strings.ReplaceAll(sent.Edition.Variants[0].Text, mailer.TokenMark, app.TokenOf(a, mailer.FixedID("desk@paper.test")))
	if err != nil || string(after) != want || !strings.Contains(want, "A loan for the ferry") {
		t.Errorf("what went out: %v\n%s", err, after)
	}
	html, err := a.PreviewEdition(ctx, "daily", 1, 0, "desk@paper.test", "html")
	if err != nil || !strings.Contains(string(html), "A loan for the ferry") || strings.Contains(string(html), mailer.TokenMark) {
		t.Errorf("the edition itself: %v\n%s", err, html)
	}
	if _, err := a.PreviewEdition(ctx, "daily", 1, 999, "desk@paper.test", "html"); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("no such variant: %v", err)
	}
}
