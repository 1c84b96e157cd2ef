package mailer

import "time"

// A Plan is what the next edition of a digest would be with the articles that
// there are now: nothing is stored or sent.
type Plan struct {
	Digest     string        `json:"digest"`
	At         time.Time     `json:"at"` // when it is due
	Subject    string        `json:"subject"`
	Skipped    string        `json:"skipped,omitempty"` // why nobody would get anything
	Sections   []PlanSection `json:"sections"`
	Recipients int           `json:"recipients"` // mails that would go out
	Variants   []PlanVariant `json:"variants"`   // what they are, the edition itself first
	Later      []PlanLater   `json:"later"`      // of these mails, those that wait for their hour
	Nothing    []PlanNothing `json:"nothing"`    // who gets none
	Bytes      int           `json:"bytes"`      // of all mails, about
	Rate       float64       `json:"rate"`       // mails a second; 0 for no limit
	Seconds    float64       `json:"seconds"`    // that the sending takes at that rate; 0 without one
}

// A PlanSection is a theme of a plan.
type PlanSection struct {
	Theme string     `json:"theme"`
	Title string     `json:"title"`
	Items []PlanItem `json:"items"`
	More  int        `json:"more"` // articles that there is no room for
}

// A PlanItem is an article of a plan.
type PlanItem struct {
	Title  string `json:"title"`
	Source string `json:"source"`
	Why    string `json:"why"`    // it stands where it does
	Reason string `json:"reason"` // it is under its theme
}

// A PlanVariant is what some of the recipients get.
type PlanVariant struct {
	Key string `json:"-"` // tells it from the others of its digest; "" for the edition itself
	Selection
	Since      time.Time `json:"since"`               // when the news in it begins
	Important  bool      `json:"important,omitempty"` // no other news is in it
	Recipients int       `json:"recipients"`
	Items      int       `json:"items"`
	Subject    string    `json:"subject"`
	HTMLBytes  int       `json:"html_bytes"` // as sent
	TextBytes  int       `json:"text_bytes"`
}

// A PlanLater is how many mails wait for an hour.
type PlanLater struct {
	At         time.Time `json:"at"`
	Recipients int       `json:"recipients"`
}

// A PlanNothing is how many get nothing, and why.
type PlanNothing struct {
	Why         string `json:"why"`
	Subscribers int    `json:"subscribers"`
}
