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
	Contact string // of the editors; may be empty
	SiteURL string // where recipients choose what they get; "" for no such place
	Domain  string // whose mail comes back to us, bounces and unsubscriptions; "" for none
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
	if len(s.Secret) > 0 && s.Domain != "" && d.ID != 0 {
		m.Envelope = VERP(s.Secret, d.ID) + "@" + s.Domain
	}
	m.Headers = s.listFields(e, m.Token)
	return m
}

// listFields returns the fields that tell what list a mail is of (RFC 2369),
// how to leave it with one click (RFC 8058), and to Gmail's feedback loop whose
// mail is complained about.
func (s *Sender) listFields(e *Edition, token string) []Header {
	hs := make([]Header, 0, 7)
	site := strings.TrimSuffix(s.SiteURL, "/")
	if leave, oneClick := s.unsubscribe(site, e.Digest, token); leave != "" {
		hs = append(hs, Header{Name: "List-Unsubscribe", Value: leave})
		if oneClick {
			hs = append(hs, Header{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"})
		}
	}
	if s.Contact != "" {
		hs = append(hs, Header{Name: "List-Help", Value: "<mailto:" + s.Contact + ">"},
			Header{Name: "List-Owner", Value: "<mailto:" + s.Contact + ">"})
	}
	if site != "" && !e.Private {
		hs = append(hs, Header{Name: "List-Archive", Value: "<" + site + "/digests/" + url.PathEscape(e.Digest) + ">"})
	}
	return append(hs, Header{Name: "List-Post", Value: "NO"},
		Header{Name: "Feedback-ID", Value: fmt.Sprintf("%d:%s:digest:%s", e.Number, e.Digest, digits(Domain(s.From), 10))})
}

// unsubscribe returns the ways to leave a digest, the site's before that by
// mail, and whether one click does it: RFC 8058 wants https for that.
func (s *Sender) unsubscribe(site, digest, token string) (value string, oneClick bool) {
	var ways []string
	if site != "" && token != "" {
		ways = append(ways, "<"+site+"/unsubscribe/"+token+"?digest="+url.QueryEscape(digest)+">")
		oneClick = strings.HasPrefix(site, "https://")
	}
	switch {
	case s.Domain != "" && token != "":
		ways = append(ways, "<"+UnsubscribeURL("unsubscribe@"+s.Domain, digest+" "+token)+">")
	case s.Contact != "":
		ways = append(ways, "<"+UnsubscribeURL(s.Contact, digest)+">")
	}
	return strings.Join(ways, ", "), oneClick
}

// UnsubscribeURL returns the mailto: address (RFC 6068) that asks contact to
// take the writer off a digest: the subject is "unsubscribe" and the digest's
// name. What programs read goes to "unsubscribe" in the domain that receives
// mail, with the recipient's token as the subject's third word.
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
