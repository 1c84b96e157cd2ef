package web

import "strings"

// archiveCaching lets readers keep a page of a feed's history for a day: it
// changes only when an article in it is corrected or withdrawn.
const archiveCaching = "public, max-age=86400, stale-if-error=604800"

// archived reports whether a file below /feeds/ is a page of a feed's history:
// {name}/archive/{page}.{format} (RFC 5005).
func archived(file string) bool {
	name, page, ok := strings.Cut(file, "/archive/")
	return ok && name != "" && page != "" && !strings.Contains(name, "/") && !strings.Contains(page, "/")
}
