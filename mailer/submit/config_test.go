package submit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"broadsheet/mailer/submit"
)

func TestDefaultIsValid(t *testing.T) {
	if err := submit.Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	relay := func(c *submit.Config) { c.Transport, c.SMTP.Host = submit.SMTPTransport, "mail.example.com" }
	for _, tt := range []struct {
		name   string
		change func(*submit.Config)
		want   []string
	}{
		{"a relay with all defaults", relay, nil},
		{"no sender", func(c *submit.Config) { c.From = "" }, []string{
			"from: is empty; give an address such as News <digest@example.com>",
		}},
		{"a sender without an address", func(c *submit.Config) { c.From = "江城产经" }, []string{
			`from: "江城产经" is not a mail address; write it like News <digest@example.com>`,
		}},
		{"a sender that smuggles a field", func(c *submit.Config) { c.From = "a@example.com\r\nBcc: b@example.com" }, []string{
			`from: "a@example.com\r\nBcc: b@example.com" is not a mail address; write it like News <digest@example.com>`,
		}},
		{"a sender beyond ASCII", func(c *submit.Config) { c.From = "摘要@example.com" }, []string{
			`from: the address "摘要@example.com" has letters beyond ASCII; use an ASCII address (a domain in its xn-- form), the name before it may be in any script`,
		}},
		{"an unknown transport", func(c *submit.Config) { c.Transport = "carrier pigeon" }, []string{
			`transport: "carrier pigeon" is not known; use directory or smtp`,
		}},
		{"no folder", func(c *submit.Config) { c.Directory = "" }, []string{
			"directory: is empty; name the folder that mail is written to, such as outbox",
		}},
		{"no relay", func(c *submit.Config) { c.Transport = "smtp" }, []string{
			"smtp.host: is empty; name the relay, or write mail into a folder with transport: directory",
		}},
		{"a port in the host, and one too high", func(c *submit.Config) {
			relay(c)
			c.SMTP.Host, c.SMTP.Port = "mail.example.com:25", 70000
		}, []string{
			`smtp.host: "mail.example.com:25" is no host name; write it like mail.example.com, the port goes under smtp.port`,
			"smtp.port: 70000 is past 65535; use 587 or 465",
		}},
		{"no encryption across the network", func(c *submit.Config) { relay(c); c.SMTP.TLS = "none" }, []string{
			"smtp.tls: none would send mail and password in the clear to mail.example.com; use starttls or implicit, or insecure if nobody can listen on the way (none is for a relay on this machine)",
		}},
		{"no encryption on this machine", func(c *submit.Config) { relay(c); c.SMTP.TLS, c.SMTP.Host = "none", "::1" }, nil},
		{"no encryption across the network, on the operator's word", func(c *submit.Config) { relay(c); c.SMTP.TLS = "insecure" }, nil},
		{"a username alone", func(c *submit.Config) { relay(c); c.SMTP.Username = "me" }, []string{
			"smtp.password_file: there is a username, but no password; name a file that holds it",
		}},
		{"numbers out of range", func(c *submit.Config) { c.SMTP.Port, c.SMTP.Connections, c.SMTP.Rate = 0, 0, -1 }, []string{
			"smtp.port: 0 is below 1; use 587 or 465",
			"smtp.connections: 0 is out of range; use 1 to 100",
			"smtp.rate: -1 is out of range; give messages a second, 0 for no limit",
		}},
		{"an empty signature, and one given twice", func(c *submit.Config) {
			c.DKIM = []submit.DKIM{{}, {Domain: "example.com", Selector: "a", KeyFile: "k"}, {Domain: "EXAMPLE.com", Selector: "A", KeyFile: "k"}}
		}, []string{
			`dkim[0].domain: "" is no domain; give the one whose DNS holds the public key`,
			`dkim[0].selector: "" is no selector; give the name before ._domainkey in the DNS`,
			"dkim[0].key_file: is empty; name the file with the private key",
			`dkim[2].selector: "A" of EXAMPLE.com is also that of dkim[1]; every key has its own`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := submit.Default()
			tt.change(&c)
			var got []string
			if err := c.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPasswordIsNeverPrinted(t *testing.T) {
	c := submit.Default()
	c.SMTP.Password = "hunter2"
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(format, c); strings.Contains(s, "hunter2") {
			t.Errorf("%s shows the password: %s", format, s)
		}
	}
}
