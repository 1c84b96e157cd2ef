package syndicate

import "time"

// A Page is what is remembered of the web page of an article, whose text may
// be fuller than what the source's document has of it.
type Page struct {
	Key    string // of the article
	Source string
	URL    string
	Tries  int       // to fetch it
	NextAt time.Time // when it is fetched; zero when it is not fetched any more
	Error  string    // why its text is not in the article; "" when it is, or was not looked for yet

	// What was found there: nothing when the article's own text is better.
	Content  string // sanitised HTML
	Text     string // Content as plain text
	Sections []Section

	// Hash is that of the article as it was when this was put into it; "" when
	// it is in none.
	Hash string
}

// A DuePage is an article whose page is to be fetched, or to be put into it
// again because the source has changed it.
type DuePage struct {
	Article Article
	Page    Page // zero but for Key, Source and URL when it was never tried
}
