package mailer

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// A Sender is what all mails of a site have in common.
type Sender struct {
	From    string // RFC 5322 address, with or without a name
	Contact string // takes unsubscriptions by mail; may be empty
	Secret  []byte // tokens are made with it; none makes mails without
}

// Message returns the mail that brings an edition to a recipient. Its body is
// e.Body(d.Variant), one for all who get the same. The message is the same at
// every attempt, down to the date: what is sent again must be recognisable as
// the same message.
func (s *Sender) Message(e *Edition, body *Body, d Delivery) Message {
	m := Message{
		Body:     body,
		ID:       d.MessageID,
		From:     s.From,
		To:       d.To,
		Date:     e.Created,
		ListID:   e.Digest + "." + Domain(s.From),
		ListName: e.Title,
	}
	if len(s.Secret) > 0 && d.Recipient != 0 {
		m.Token = Token(s.Secret, d.Recipient)
	}
	if s.Contact != "" {
		m.Headers = []Header{
			{Name: "List-Unsubscribe", Value: "<" + UnsubscribeURL(s.Contact, e.Digest) + ">"},
			{Name: "List-Help", Value: "<mailto:" + s.Contact + ">"},
		}
	}
	return m
}

// UnsubscribeURL returns the mailto: address (RFC 6068) that asks contact to
// take the writer off a digest.
func UnsubscribeURL(contact, digest string) string {
	return "mailto:" + contact + "?subject=" + url.PathEscape("unsubscribe "+digest)
}

// MessageID returns the Message-ID, without angle brackets, of the edition of
// a digest that was due at an instant, for one recipient: always the same, and
// another for every recipient, because mailbox providers count repetitions.
// Its domain is that of the sender's address.
func MessageID(digest string, at time.Time, to, from string) string {
	edition := fmt.Sprintf("%s\x00%d", digest, at.UnixMilli())
	return digits(edition, 10) + "." + digits(edition+"\x00"+strings.ToLower(to), 16) + "@" + Domain(from)
}

// digits returns the first n base-32 digits of the SHA-256 of s.
func digits(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:n]
}

// Domain returns the domain of an RFC 5322 address, in lower case, or
// "localhost" when it has none.
func Domain(address string) string {
	if a, err := mail.ParseAddress(address); err == nil {
		address = a.Address
	}
	if i := strings.LastIndexByte(address, '@'); i >= 0 && i < len(address)-1 {
		return strings.ToLower(strings.TrimRight(address[i+1:], "> "))
	}
	return "localhost"
}
