// Package receive says how mail reaches Broadsheet. It accepts no mail: this
// version has no SMTP server of its own, and a configuration that asks for one
// is refused.
package receive

import "errors"

// A Config is the mail.receive block of the configuration. The zero Config is
// valid and receives nothing.
type Config struct {
	Listen string // host:port of the SMTP server; must be empty in this version
	Domain string // what stands after the @ of its addresses; unused while Listen is empty
}

// Default returns the configuration of a Broadsheet that receives no mail.
func Default() Config { return Config{} }

// Validate refuses what this version cannot do. Its messages read
// "key: fault; remedy", the key relative to the mail.receive block.
func (c Config) Validate() error {
	var errs []error
	if c.Listen != "" {
		errs = append(errs, errors.New("listen: receiving mail is not in this version; the key must stay empty"))
	}
	if c.Domain != "" {
		errs = append(errs, errors.New("domain: receiving mail is not in this version; the key must stay empty"))
	}
	return errors.Join(errs...)
}
