package collect

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"broadsheet/internal/fetch"
)

// MinEvery is the shortest time between two polls that may be configured.
const MinEvery = 5 * time.Minute

// A Config is the `polling:` block of the configuration.
type Config struct {
	Every            time.Duration // for sources that do not say; at least MinEvery
	UserAgentContact string        // where publishers find the operator; the site's address when ""
	AllowPrivate     []string      // CIDR or host:port that may be fetched although private
}

// Default returns the configuration that Broadsheet ships with.
func Default() Config { return Config{Every: time.Hour} }

// Validate reports every mistake, as "key: fault; remedy".
func (c Config) Validate() error {
	errs := []error{ValidateEvery("every", c.Every)}
	if strings.ContainsFunc(c.UserAgentContact, func(r rune) bool { return r <= ' ' || r > '~' || r == '(' || r == ')' }) {
		errs = append(errs, fmt.Errorf("user_agent_contact: %q cannot be sent in a header; use a web or mail address", c.UserAgentContact))
	}
	errs = append(errs, fetch.ValidateAllowPrivate(c.AllowPrivate))
	return errors.Join(errs...)
}

// ValidateEvery reports whether a source may be polled every d; key is where
// that is configured.
func ValidateEvery(key string, d time.Duration) error {
	if d < MinEvery {
		return fmt.Errorf("%s: %s is under %s; use %s or more", key, short(d), short(MinEvery), short(MinEvery))
	}
	return nil
}
