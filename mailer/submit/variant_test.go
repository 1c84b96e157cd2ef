package submit

import (
	"runtime"
	"testing"

	"broadsheet/mailer"
)

// TestAVariantIsMadeReadyOnce looks inside, because from outside a body that is
// encoded again cannot be told from one that is not.
func TestAVariantIsMadeReadyOnce(t *testing.T) {
	var vs variants
	b, same := &mailer.Body{Text: "码头二期投产\n"}, &mailer.Body{Text: "码头二期投产\n"}
	v := vs.get(b)
	if vs.get(b) != v || vs.get(same) == v {
		t.Error("a body has two variants, or two bodies have one")
	}
	seven, eight := v.form(false), v.form(true)
	if v.form(false) != seven || v.form(true) != eight || seven == eight {
		t.Error("a variant is encoded more than once, or has one form for both")
	}
	m := mailer.Message{Body: b, ID: "a@example.com", From: "a@example.com", To: "b@example.com"}
	one, err := v.letterhead(&m)
	if err != nil {
		t.Fatal(err)
	}
	m.To, m.ID = "c@example.com", "b@example.com"
	if two, err := v.letterhead(&m); err != nil || two != one {
		t.Errorf("another recipient has another letterhead, error %v", err)
	}
	m.From = "d@example.com"
	if two, err := v.letterhead(&m); err != nil || two == one || two.envelope != "d@example.com" {
		t.Errorf("another sender has the same letterhead, error %v", err)
	}
	runtime.KeepAlive(b)
	runtime.KeepAlive(same)
}

// TestVariantsGoWithTheirBodies holds that what is made ready does not outlive
// the edition.
func TestVariantsGoWithTheirBodies(t *testing.T) {
	var vs variants
	for range 50 {
		_ = vs.get(&mailer.Body{Text: "The second berth is open.\n"}).form(false)
	}
	for range 1000 {
		runtime.GC()
		runtime.Gosched()
		vs.mu.Lock()
		n := len(vs.of)
		vs.mu.Unlock()
		if n == 0 {
			return
		}
	}
	t.Errorf("%d variants of bodies that nobody has are kept", len(vs.of))
}
