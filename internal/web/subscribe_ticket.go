package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"time"
)

// A ticket says that a form was given out here, and when. It is the base64url
// form of 40 octets: Unix milliseconds, big endian, 16 drawn by lot, and the
// first 16 of the HMAC-SHA256 of both.
const (
	ticketOctets = 40
	// ticketLife is how long a form may lie open.
	ticketLife = 24 * time.Hour
	// ticketYouth is how soon after it was given out a person can have filled
	// in a form. Whoever has no script waits that long; a script works instead.
	ticketYouth = 8 * time.Second
	// workBits is how many leading zero bits the SHA-256 of a ticket, a colon and
	// the proof must have: a quarter of a million hashes, half a second of a
	// telephone's time, and an hour of whoever signs ten thousand up.
	workBits = 18
)

// What is wrong with a ticket.
const (
	ticketGood  = ""
	ticketStale = "stale" // forged, or too old
	ticketEarly = "early"
)

func (s *server) newTicket() string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, ticketOctets), uint64(s.Now().UnixMilli())) //nolint:gosec // the same 64 bits
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	b = append(b, random...)
	return base64.RawURLEncoding.EncodeToString(append(b, s.ticketMAC(b)...))
}

func (s *server) ticketMAC(b []byte) []byte {
	mac := hmac.New(sha256.New, s.ticketKey)
	mac.Write([]byte("ticket of a form\x00"))
	mac.Write(b)
	return mac.Sum(nil)[:16]
}

// ticketFault says what is wrong with a ticket that no work was done for.
func (s *server) ticketFault(ticket string) string {
	b, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(b) != ticketOctets || !hmac.Equal(b[24:], s.ticketMAC(b[:24])) {
		return ticketStale
	}
	age := s.Now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(b)))) //nolint:gosec // we wrote it
	switch {
	case age < -time.Minute || age > ticketLife:
		return ticketStale
	case age < ticketYouth:
		return ticketEarly
	}
	return ticketGood
}

// admit says whether a form may be acted on: it has a ticket of ours, and was
// worked or waited for.
func (s *server) admit(ticket, proof string) (worked bool, fault string) {
	fault = s.ticketFault(ticket)
	if fault != ticketStale && len(proof) <= 32 && zeros(ticket+":"+proof) >= workBits {
		return true, ticketGood
	}
	return false, fault
}

// zeros returns how many leading zero bits the SHA-256 of s has.
func zeros(s string) int {
	n := 0
	for _, b := range sha256.Sum256([]byte(s)) {
		if b != 0 {
			return n + bits.LeadingZeros8(b)
		}
		n += 8
	}
	return n
}

// number reads a whole number from 0 to most.
func number(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= most
}

func twoDigits(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }
