package web

import (
	"context"

	"broadsheet/syndicate"
)

// Visitors takes what visitors send, and tells them what became of it.
type Visitors interface {
	// Submit stores what a visitor sends and returns the code under which the
	// sender finds it again. The error is ErrTicketUsed for a ticket that something
	// else was sent with, and a *Fault when nothing can be taken.
	Submit(ctx context.Context, sub *syndicate.Submission) (code string, err error)
	// Sent returns what was sent under a code, or syndicate.ErrNotFound.
	Sent(ctx context.Context, kind syndicate.SubmissionKind, code string) (syndicate.Submission, error)
	// Examine reads the address that an applicant gives and fills in what it
	// would read as. It blocks while the site answers. The error is a *Fault
	// when the address cannot be a source.
	Examine(ctx context.Context, a *syndicate.Application) error
	// Token returns what an applicant's site must show to prove who controls it.
	Token(sub *syndicate.Submission) string
	// Prove looks whether the site shows it, and blocks meanwhile. The error is
	// a *Fault when it does not.
	Prove(ctx context.Context, code string) error
}

// An Inbox is what visitors have sent, for an operator.
type Inbox interface {
	// OpenSubmissions returns how many of each kind wait.
	OpenSubmissions(ctx context.Context) (map[syndicate.SubmissionKind]int, error)
	// Submissions returns those of a kind, open or settled, the last first.
	Submissions(ctx context.Context, kind syndicate.SubmissionKind, open bool, limit, offset int) ([]syndicate.Submission, error)
	// Submission returns one, or syndicate.ErrNotFound.
	Submission(ctx context.Context, id int64) (syndicate.Submission, error)
}

// An Editor settles what visitors have sent, and puts it down to
// [syndicate.Operator].
type Editor interface {
	// PreviewContribution returns the article that a contribution would be,
	// filed, and what was found where.
	PreviewContribution(ctx context.Context, sub *syndicate.Submission) (syndicate.Article, []syndicate.Passage, error)
	// SettleSubmission does what a verdict says, at once. It reports false for
	// what is settled already. The error is a *Fault when the verdict cannot be
	// carried out.
	SettleSubmission(ctx context.Context, id int64, v Verdict) (done bool, err error)
	// SourceLines returns a source as an entry of the configuration.
	SourceLines(p syndicate.ProposedSource) string
	// SourcePatch returns what putting a source into the configuration changes
	// in its file. The error is a *Fault when that cannot be done.
	SourcePatch(p syndicate.ProposedSource) (SourcePatch, error)
	// DropSource takes a source out of the database, or returns
	// syndicate.ErrNotFound.
	DropSource(ctx context.Context, name string) error
}

// A Verdict is what an operator decides about a submission.
type Verdict struct {
	State  syndicate.SubmissionState
	Word   string    // to the sender
	Themes *[]string // of an accepted contribution; nil leaves that to the rules
	Name   string    // of an accepted source
	Keep   Keep      // where an accepted source is kept
	Patch  *SourcePatch
}

// A Keep is where an accepted source is kept.
type Keep string

// The places.
const (
	KeepDatabase Keep = "database"
	KeepConfig   Keep = "config" // the file is changed as the Patch of the verdict says
	KeepByHand   Keep = "file"   // the operator puts the lines into the file
)

// A SourcePatch is a change of the configuration's file.
type SourcePatch struct {
	Old, New string // the whole file
	Diff     string // as diff -u has it
}

// A Fault says why what somebody asks for cannot be done.
type Fault struct {
	Key    string // of the wording, after "web.fault."
	Detail string // that the wording has a place for, in no language; "" when it has none
}

// Error returns the fault without wording.
func (f *Fault) Error() string {
	if f.Detail == "" {
		return f.Key
	}
	return f.Key + ": " + f.Detail
}
