package mailer_test

import (
	"regexp"
	"strings"
	"testing"

	"broadsheet/mailer"
)

func TestVERP(t *testing.T) {
	secret := []byte("a secret of the site")
	form := regexp.MustCompile(`^bounce\+[a-z2-7]{32}$`)
	for _, id := range []int64{0, 1, 42, 1 << 62, -1} {
		local := mailer.VERP(secret, id)
		if !form.MatchString(local) {
			t.Errorf("delivery %d: %q is not of the form %s", id, local, form)
		}
		for _, back := range []string{local, strings.ToUpper(local), "Bounce+" + strings.ToUpper(local[7:20]) + local[20:]} {
			if got, ok := mailer.ReadVERP(secret, back); !ok || got != id {
				t.Errorf("%q is read as %d, %v, want %d", back, got, ok, id)
			}
		}
		if _, ok := mailer.ReadVERP([]byte("another"), local); ok {
			t.Errorf("another site takes the bounce of %d", id)
		}
		for i := range local {
			other := []byte(local)
			other[i] ^= 1
			if _, ok := mailer.ReadVERP(secret, string(other)); ok {
				t.Errorf("%q is taken for %q", other, local)
			}
		}
	}
	for _, bad := range []string{"", "bounce+", "bounce", strings.Repeat("汉", 13), mailer.VERP(secret, 1) + "a", mailer.VERP(secret, 1)[1:]} {
		if _, ok := mailer.ReadVERP(secret, bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
	if token := mailer.Token(secret, 1); strings.Contains(mailer.VERP(secret, 1), token) {
		t.Error("a bounce address lets its reader unsubscribe")
	}
}
