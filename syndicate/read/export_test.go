package read

import (
	"net/url"
	"time"
)

// CleanHTML shows the sanitiser to the tests.
func CleanHTML(fragment string, base *url.URL) (clean, text string) { return cleanHTML(fragment, base) }

// ApplyPolicy shows what the policy makes of HTML.
func ApplyPolicy(s string) string { return unquote(policy().Sanitize(s)) }

// ShownDate shows how the text of an element is read as a date of publication.
func ShownDate(text string, loc *time.Location) (t time.Time, ok bool) {
	d, ok := shownText(text, loc)
	return d.time.UTC(), ok && !d.noYear && d.role != otherDate
}

// URLDate shows how an address is read as a date.
func URLDate(address string, loc *time.Location) (time.Time, bool) { return urlDate(address, loc) }
