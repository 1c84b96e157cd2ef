package read

import "net/url"

// CleanHTML shows the sanitiser to the tests.
func CleanHTML(fragment string, base *url.URL) (clean, text string) { return cleanHTML(fragment, base) }

// ApplyPolicy shows what the policy makes of HTML.
func ApplyPolicy(s string) string { return unquote(policy().Sanitize(s)) }
