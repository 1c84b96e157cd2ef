package mailer

import (
	"crypto/hmac"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// verpPrefix begins the local part of every address that bounces go to.
const verpPrefix = "bounce+"

// verpEncoding has digits that survive a change of case: local parts may be
// folded on the way back.
var verpEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// VERP returns the local part of the address that the bounce of a delivery
// comes back to (variable envelope return path): "bounce+" and 32 letters and
// digits in lower case, together 39 octets. They are the base32 form of 20
// octets: the delivery's number, big endian, and the first 12 octets of an
// HMAC-SHA256 of that under the secret, so that nobody can make up a bounce.
func VERP(secret []byte, deliveryID int64) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 20), uint64(deliveryID)) //nolint:gosec // the same 64 bits
	return verpPrefix + strings.ToLower(verpEncoding.EncodeToString(append(b, verpMAC(secret, b)...)))
}

// ReadVERP returns the number of the delivery that a local part was made for,
// in whatever case it came back, and false for one that was not made with the
// secret.
func ReadVERP(secret []byte, local string) (deliveryID int64, ok bool) {
	if len(local) != len(verpPrefix)+32 || !strings.EqualFold(local[:len(verpPrefix)], verpPrefix) {
		return 0, false
	}
	b, err := verpEncoding.DecodeString(strings.ToUpper(local[len(verpPrefix):]))
	if err != nil || len(b) != 20 || !hmac.Equal(b[8:], verpMAC(secret, b[:8])) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(b)), true //nolint:gosec // the same 64 bits
}

func verpMAC(secret, id []byte) []byte { return shortMAC(secret, "bounce", id)[:12] }
