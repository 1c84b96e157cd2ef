package syndicate

import (
	"context"
	"time"
)

// A Deed is something that an operator did.
type Deed struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`              // "command line", or "admin page" and the address it was opened from
	Action string    `json:"action"`           // one of the actions of this package
	Object string    `json:"object,omitempty"` // what it was done to: a source's or a digest's name, an article's key, a subscriber's number
	Detail string    `json:"detail,omitempty"`
}

// What operators do.
const (
	ActionSignIn  = "sign in"
	ActionRefused = "sign-in refused"
	ActionSignOut = "sign out"
	ActionPoll    = "poll"
	ActionAccept  = "accept"
	ActionRefile  = "refile"
	ActionUndo    = "undo refile"
	ActionForget  = "forget"
	ActionAdmit   = "admit" // a contribution, or a publisher
	ActionDecline = "decline"
	ActionClose   = "close" // a letter
	ActionDrop    = "drop"  // a source that is kept in the database
	ActionSend    = "send digest"
	ActionTest    = "send test"
	ActionCancel  = "cancel edition"
	ActionResend  = "resend edition"
	ActionHold    = "hold" // a digest, or an edition
	ActionRelease = "release"
	ActionBackup  = "back up"
	ActionTry     = "try source" // what the page of a source would give
	ActionRetry   = "retry job"
	ActionDiscard = "cancel job"

	ActionUnsubscribe = "unsubscribe"
	ActionErase       = "erase subscriber"
	ActionImport      = "import subscribers"
	ActionConfig      = "edit configuration"
)

type operatorKey struct{}

// AsOperator returns a context in which everything that is done is put down to
// who.
func AsOperator(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, operatorKey{}, who)
}

// Operator returns whom things that are done in ctx are put down to: "command
// line" where nothing else was said.
func Operator(ctx context.Context) string {
	if who, ok := ctx.Value(operatorKey{}).(string); ok {
		return who
	}
	return "command line"
}
