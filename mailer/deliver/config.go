package deliver

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// A Config says how mail is delivered.
type Config struct {
	Hold    bool               // what may have arrived is not sent again by itself
	Journal string             // the file of the journal; "" is beside the database
	Rates   map[string]float64 // messages a second at most, by the domain of recipients
	Spread  time.Duration      // an edition's messages go out evenly over this long; 0 is as fast as it goes
	WarmUp  time.Time          // the first day of the warm-up; zero is none
}

// Validate reports every mistake, joined. The text of each is
// "key: fault; remedy".
func (c Config) Validate() error {
	var errs []error
	if c.Spread < 0 || c.Spread > 24*time.Hour {
		errs = append(errs, fmt.Errorf("spread: %s is out of range; use 0s to 24h", c.Spread))
	}
	seen := map[string]string{}
	for domain, rate := range c.Rates {
		if domain == "" || strings.ContainsAny(domain, "@ ") {
			errs = append(errs, fmt.Errorf("rates: %q is no domain; write it as in { gmail.com: 10 }", domain))
		}
		if math.IsNaN(rate) || rate <= 0 || rate > 1e6 {
			errs = append(errs, fmt.Errorf("rates.%s: %v is out of range; give messages a second, more than 0", domain, rate))
		}
		to := Destination(domain)
		if other, ok := seen[to]; ok {
			a, b := min(domain, other), max(domain, other)
			errs = append(errs, fmt.Errorf("rates.%s: is counted with %s, which has a rate too; keep one of the two", b, a))
		}
		seen[to] = domain
	}
	return errors.Join(errs...)
}
