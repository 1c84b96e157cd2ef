package mailer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// TokenMark stands in the forms of an edition where each recipient's own token
// goes. It is as long as a token, so that putting one in moves nothing.
const TokenMark = "0-the-token-of-each-recipient-0-"

// Token returns the token of the recipient with a number: a subscriber's ID, or
// [FixedID]. It lets them change what they get without signing in. It stands in
// every mail and never expires: mails are read years later. Nothing of it is
// stored, and only who knows the site's secret can make one.
//
// It is the base64url form of 24 octets: the number, big endian, and the first
// 16 octets of the HMAC-SHA256 of that under the secret.
func Token(secret []byte, id int64) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 24), uint64(id)) //nolint:gosec // the same 64 bits
	return base64.RawURLEncoding.EncodeToString(append(b, tokenMAC(secret, b)...))
}

// TokenID returns the number of the recipient that a token was made for, and
// false for one that was not made with the secret.
func TokenID(secret []byte, token string) (int64, bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 24 || !hmac.Equal(b[8:], tokenMAC(secret, b[:8])) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(b)), true //nolint:gosec // the same 64 bits
}

func tokenMAC(secret, id []byte) []byte { return shortMAC(secret, "recipient", id)[:16] }

// shortMAC returns the HMAC-SHA256 of a number for a purpose, so that what was
// made for one is of no use for another.
func shortMAC(secret []byte, purpose string, id []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose + "\x00"))
	mac.Write(id)
	return mac.Sum(nil)
}

// FixedID returns the number of a digest's fixed recipient: below zero, where
// no subscriber's is, and the same for addresses that differ in case alone.
func FixedID(address string) int64 {
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return ^int64(binary.BigEndian.Uint64(sum[:8]) >> 1) //nolint:gosec // 63 bits
}
