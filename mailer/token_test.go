package mailer_test

import (
	"testing"

	"broadsheet/mailer"
)

func TestToken(t *testing.T) {
	secret := []byte("a secret of the site")
	for _, id := range []int64{1, 42, 1 << 62, mailer.FixedID("ops@example.com")} {
		token := mailer.Token(secret, id)
		if len(token) != len(mailer.TokenMark) {
			t.Errorf("the token of %d is %d octets, the mark %d", id, len(token), len(mailer.TokenMark))
		}
		if got, ok := mailer.TokenID(secret, token); !ok || got != id {
			t.Errorf("token of %d is read as %d, %v", id, got, ok)
		}
		if _, ok := mailer.TokenID([]byte("another"), token); ok {
			t.Errorf("another site takes the token of %d", id)
		}
		for i := range token {
			other := []byte(token)
			other[i] ^= 1
			if _, ok := mailer.TokenID(secret, string(other)); ok {
				t.Errorf("a token with another character %d is taken", i)
			}
		}
	}
	for _, bad := range []string{"", mailer.TokenMark, mailer.Token(secret, 1) + "A", "汉字"} {
		if _, ok := mailer.TokenID(secret, bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestFixedID(t *testing.T) {
	if a, b := mailer.FixedID("Ops@Example.com"), mailer.FixedID("ops@example.com"); a != b || a >= 0 {
		t.Errorf("%d and %d, want one number below zero", a, b)
	}
	if mailer.FixedID("ops@example.com") == mailer.FixedID("ops@example.org") {
		t.Error("two addresses have one number")
	}
}
