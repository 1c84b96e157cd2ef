package receive_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer/receive"
)

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		config receive.Config
		want   string
	}{
		"the default receives nothing": {receive.Default(), ""},
		"a listener with its domain":   {receive.Config{Listen: ":25", Domain: "bounce.example.com"}, ""},
		"a domain alone":               {receive.Config{Domain: "bounce.example.com"}, ""},
		"a listener alone":             {receive.Config{Listen: ":25"}, "domain: is empty; name the domain whose mail comes here, such as bounce.example.com"},
		"a port alone":                 {receive.Config{Listen: "25", Domain: "example.com"}, `listen: "25" is not host:port; write it as in :25 or 127.0.0.1:2525`},
		"a port that is none":          {receive.Config{Listen: ":smtps", Domain: "example.com"}, `listen: port "smtps" is not a number from 0 to 65535; mail comes to port 25`},
		"an address for a domain":      {receive.Config{Domain: "a@example.com"}, `domain: "a@example.com" is no domain; write it as in bounce.example.com`},
		"a certificate without key":    {receive.Config{CertificateFile: "x"}, "key_file: is empty, but there is a certificate; name both files or neither"},
		"a key without certificate":    {receive.Config{KeyFile: "x"}, "certificate_file: is empty, but there is a key; name both files or neither"},
		"files that are not there": {
			receive.Config{CertificateFile: "testdata/none.crt", KeyFile: "testdata/none.key"},
			"certificate_file: open testdata/none.crt: no such file or directory; name a certificate and its key, both as PEM",
		},
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
