package syndicate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// ContributionsSource is the source of the articles that visitors sent in. It
// is built in: no source of the configuration may be called so.
const ContributionsSource = "contributions"

// A Submission is what a visitor sent to the paper. Nothing of it is published
// before an editor says so.
type Submission struct {
	ID      int64 // given by the store
	Kind    SubmissionKind
	At      time.Time
	Address string // mail address of the sender; "" for none
	Tell    bool   // the sender wants to be mailed what an editor decides
	Locale  string // language of the page it was sent from
	Ticket  string // of the form, which is good for one submission; "" for none, and when read from the store
	State   SubmissionState
	Word    string    // what the editor says to the sender
	Result  string    // what was made of it: the key of an article, the name of a source; "" for nothing
	Settled time.Time // zero while it is open

	MailedAt  time.Time // when the mail about it was handed over; zero when it was not
	MailFault string    // why it was not; "" when it was, waits, or there is none
	ToldAt    time.Time // when mail about the decision was handed over, or given up; zero when it was not
	TellFault string    // why it was given up

	// What was sent, as its kind says; the others are nil.
	Contribution *Contribution
	Letter       *Letter
	Application  *Application
}

// A SubmissionKind says what a submission is.
type SubmissionKind string

// The kinds of submissions.
const (
	KindContribution SubmissionKind = "contribution"
	KindLetter       SubmissionKind = "letter"
	KindApplication  SubmissionKind = "application"
)

// A SubmissionState says what became of a submission.
type SubmissionState string

// The states of a submission. A letter is never accepted or declined.
const (
	Received SubmissionState = "received"
	Accepted SubmissionState = "accepted"
	Declined SubmissionState = "declined"
	Closed   SubmissionState = "closed"
)

// A Contribution is news that a visitor sent in.
type Contribution struct {
	Title    string `json:"title"`              // plain text
	Text     string `json:"text,omitempty"`     // plain text, a paragraph a line; "" when Link says it all
	Link     string `json:"link,omitempty"`     // http or https
	Theme    string `json:"theme,omitempty"`    // id of the theme the sender thinks of
	Language string `json:"language,omitempty"` // BCP 47; "" when the text itself tells
}

// A Letter is a message to the editor.
type Letter struct {
	Name    string `json:"name,omitempty"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// An Application is an organisation's wish to be a source.
type Application struct {
	Organisation string         `json:"organisation"`
	Site         string         `json:"site"` // address of its web site
	URL          string         `json:"url"`  // as it was given: a feed or page, or the site
	Note         string         `json:"note,omitempty"`
	Source       ProposedSource `json:"source"`
	Found        int            `json:"found"`            // articles in its document
	Sample       []SampleEntry  `json:"sample,omitempty"` // the first of them
	Proof        ProofKind      `json:"proof,omitempty"`  // how control of the site was proved; "" when it was not
	ProvedAt     time.Time      `json:"proved_at,omitzero"`
	Stored       bool           `json:"stored,omitempty"` // accepted, and kept in the database rather than in the configuration
}

// A ProposedSource is a source as far as its document tells how to read it.
type ProposedSource struct {
	Name     string    `json:"name"`
	Title    string    `json:"title,omitempty"`
	URL      string    `json:"url"`
	Kind     Kind      `json:"kind"`
	Language string    `json:"language,omitempty"`
	Page     Selectors `json:"page,omitzero"`
}

// A SampleEntry is an article as Broadsheet would read it.
type SampleEntry struct {
	Title     string    `json:"title"`
	URL       string    `json:"url,omitempty"`
	Published time.Time `json:"published,omitzero"` // zero when the source gives no date
}

// A ProofKind says how an applicant proved to control a site.
type ProofKind string

// The proofs of control.
const (
	ProofFile ProofKind = "file" // at [ProofPath]
	ProofMeta ProofKind = "meta" // an element named [ProofName] in the head of the site's front page
	ProofDNS  ProofKind = "dns"  // a TXT record "[ProofName]=TOKEN"
)

// ProofName is the name of the meta element and of the TXT record that prove
// control of a site.
const ProofName = "broadsheet-verification"

// ProofPath returns where a site has the file that proves control of it. The
// file holds the token and nothing else.
func ProofPath(token string) string { return "/.well-known/broadsheet-" + token + ".txt" }

// Sum stands for who sent what: submissions with equal sums say the same.
func (s *Submission) Sum() string {
	said := []any{s.Kind, s.Address}
	switch {
	case s.Contribution != nil:
		said = append(said, s.Contribution)
	case s.Letter != nil:
		said = append(said, s.Letter)
	case s.Application != nil:
		a := s.Application
		said = append(said, a.Organisation, a.Site, a.URL, a.Note)
	}
	b, err := json.Marshal(said)
	if err != nil {
		panic(err) // strings
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
