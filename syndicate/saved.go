package syndicate

import "strings"

// FeedLines returns the lines of config.yaml that publish what a query finds
// as a feed. Without a name it gets one of the query's plain letters.
func FeedLines(name, query string) string {
	query = strings.Join(strings.Fields(query), " ")
	if name == "" {
		name = feedName(query)
	}
	quoted := "'" + strings.NewReplacer("'", "''", "${", "$${").Replace(query) + "'" // no quote ends it, no variable gets in
	return "feeds:\n  - name: " + name + "\n    title: " + quoted + "\n    query: " + quoted + "\n"
}

// feedName makes a name of feeds: [a-z0-9-], at most 30 characters.
func feedName(query string) string {
	words := strings.FieldsFunc(Fold(query), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name := strings.Join(words, "-")
	if len(name) > 30 {
		name = strings.TrimRight(name[:30], "-")
	}
	if name == "" || name == "all" || name == "search" || name == "ops" || strings.HasPrefix(name, "source-") {
		return "saved-" + strings.TrimSuffix("search-"+name, "-")
	}
	return name
}
