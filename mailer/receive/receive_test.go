package receive_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer/receive"
)

func TestValidate(t *testing.T) {
	const refused = ": receiving mail is not in this version; the key must stay empty"
	tests := map[string]struct {
		config receive.Config
		want   string
	}{
		"the default receives nothing":  {receive.Default(), ""},
		"a listener is refused":         {receive.Config{Listen: ":25"}, "listen" + refused},
		"a domain is refused":           {receive.Config{Domain: "example.com"}, "domain" + refused},
		"both are reported in one call": {receive.Config{Listen: ":25", Domain: "example.com"}, "listen" + refused + "\ndomain" + refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := tt.config.Validate(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Validate (-want +got):\n%s", diff)
			}
		})
	}
}
