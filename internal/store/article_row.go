package store

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"strings"

	"broadsheet/syndicate"
)

// articleInserted are the columns of articles as articleArgs fills them. The
// first articleKept of them stay as they were first stored.
var articleInserted = []string{
	"key", "public_id", "source", "guid", "first_seen",
	"hash", "changed", "published", "published_raw", "inferred", "updated", "fingerprint", "language", "lang",
	"url", "title", "alternate",
}

const articleKept = 5

func articleArgs(a *syndicate.Article, fingerprint string) []any {
	return []any{
		a.Key, text(a.ID), a.Source, text(a.GUID), a.FirstSeen.UnixMilli(),
		a.Hash, ms(a.Changed), a.Published.UnixMilli(), text(a.PublishedRaw), a.Inferred, ms(a.Updated), fingerprint,
		text(a.Language), text(syndicate.Fold(a.Language)),
		text(a.URL), text(a.Title), alternate(a.Alternate),
	}
}

// textInserted are the columns of article_texts as textArgs fills them, after
// article_id.
var textInserted = []string{
	"authors", "categories", "enclosures", "places", "analysis", "summary", "sections", "text", "content",
}

func textArgs(a *syndicate.Article) []any {
	return []any{
		int64(0), // the id, when it is known
		list[string]{&a.Authors},
		list[string]{&a.Categories},
		list[syndicate.Enclosure]{&a.Enclosures},
		list[string]{&a.Places},
		analysis{&a.Analysis},
		text(a.Summary),
		list[syndicate.Section]{&a.Sections},
		text(a.Text), text(a.Content),
	}
}

// articleUpsert stores rows of articleArgs: new ones, and those whose hash is
// another. It returns id, key and first_seen of these.
func articleUpsert() insertion {
	in := into("INSERT INTO articles ("+strings.Join(articleInserted, ", ")+")", len(articleInserted))
	in.tail = "ON CONFLICT (key) DO UPDATE SET " + updates(articleInserted[articleKept:]) +
		" WHERE articles.hash <> excluded.hash RETURNING id, key, first_seen"
	return in
}

// textUpsert stores rows of textArgs.
func textUpsert() insertion {
	in := into("INSERT INTO article_texts (article_id, "+strings.Join(textInserted, ", ")+")", len(textInserted)+1)
	in.tail = "ON CONFLICT (article_id) DO UPDATE SET " + updates(textInserted)
	return in
}

func updates(columns []string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = excluded." + c
	}
	return strings.Join(sets, ", ")
}

// articleColumns are the columns that scanArticle reads, of the tables of
// articleTables.
const articleColumns = `a.key, a.public_id, a.source, a.guid, a.first_seen, a.hash, a.changed, a.published, a.published_raw,
	a.inferred, a.updated, a.language, a.url, a.title, x.authors, x.categories, x.enclosures, x.places, x.analysis,
	x.summary, x.sections, x.text, x.content, c.at, c.themes`

const articleTables = "articles a JOIN article_texts x ON x.article_id = a.id LEFT JOIN corrections c ON c.key = a.key"

// leanColumns are articleColumns without sections and content.
var leanColumns = strings.NewReplacer("x.sections", "''", "x.content", "''").Replace(articleColumns)

// scanArticle reads an article as its editor wants it.
func scanArticle(r scanner) (a syndicate.Article, err error) {
	var corrected []string
	err = r.Scan(&a.Key, &a.ID, &a.Source, &a.GUID, moment{&a.FirstSeen}, &a.Hash, moment{&a.Changed},
		moment{&a.Published}, &a.PublishedRaw, &a.Inferred, moment{&a.Updated}, &a.Language, &a.URL, &a.Title,
		list[string]{&a.Authors}, list[string]{&a.Categories}, list[syndicate.Enclosure]{&a.Enclosures},
		list[string]{&a.Places}, analysis{&a.Analysis}, &a.Summary, list[syndicate.Section]{&a.Sections}, &a.Text, &a.Content,
		moment{&a.Corrected}, list[string]{&corrected})
	if !a.Corrected.IsZero() {
		a.Analysis = syndicate.Correction{Themes: corrected}.Apply(a.Analysis)
	}
	return a, err
}

// analysis is an Analysis as JSON, without the places, which have a column of
// their own.
type analysis struct{ a *syndicate.Analysis }

type storedAnalysis struct {
	Filings       []syndicate.Filing `json:"filings,omitempty"`
	NearMisses    []syndicate.Filing `json:"near_misses,omitempty"`
	Figures       []syndicate.Figure `json:"figures,omitempty"`
	Within        []string           `json:"within,omitempty"`
	Organisations []string           `json:"organisations,omitempty"`
	Gist          string             `json:"gist,omitempty"`
}

// Value implements driver.Valuer.
func (v analysis) Value() (driver.Value, error) {
	b, err := json.Marshal(storedAnalysis{
		Filings: v.a.Filings, NearMisses: v.a.NearMisses, Figures: v.a.Figures,
		Within: v.a.Within, Organisations: v.a.Organisations, Gist: v.a.Gist,
	})
	return string(b), err
}

// Scan implements sql.Scanner.
func (v analysis) Scan(src any) error {
	var s sql.NullString
	if err := s.Scan(src); err != nil {
		return err
	}
	var stored storedAnalysis
	if err := json.Unmarshal([]byte(s.String), &stored); err != nil {
		return err
	}
	v.a.Filings, v.a.NearMisses, v.a.Figures = stored.Filings, stored.NearMisses, stored.Figures
	v.a.Within, v.a.Organisations, v.a.Gist = stored.Within, stored.Organisations, stored.Gist
	return nil
}
