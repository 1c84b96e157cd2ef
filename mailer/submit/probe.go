package submit

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"
)

// A Probe is what a relay has said without being given a message.
type Probe struct {
	Encrypted bool
	Version   string    // of TLS, for people
	Expires   time.Time // the relay's certificate; zero without TLS
	SignedIn  bool
	Offers    []string // of the extensions that matter here
}

// Ask connects to the relay of cfg as for a delivery, with TLS and sign-in,
// and sends nothing. The error says what does not work and what to do.
func Ask(ctx context.Context, cfg SMTP) (Probe, error) {
	r := newRelay(cfg, nil)
	c, err := r.dial(ctx)
	if err != nil {
		return Probe{}, r.dialFault(err)
	}
	defer c.close()
	p := Probe{SignedIn: cfg.Username != ""}
	if state, err := c.client.GetTLSConnectionState(); err == nil && len(state.PeerCertificates) > 0 {
		p.Encrypted, p.Version, p.Expires = true, tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter
	}
	for _, ext := range []string{"PIPELINING", "8BITMIME", "CHUNKING", "SMTPUTF8", "DSN"} {
		if ok, _ := c.client.Extension(ext); ok {
			p.Offers = append(p.Offers, ext)
		}
	}
	return p, nil
}

// A Record is the TXT record in the DNS by which receivers check a signature
// (RFC 6376, section 3.6.1).
type Record struct {
	Name string // SELECTOR._domainkey.DOMAIN
	Text string
	Bits int // of the key
}

// DNSRecord returns the record to publish for a key.
func DNSRecord(d DKIM) (Record, error) {
	key, err := readKey(d.KeyFile)
	if err != nil {
		return Record{}, err
	}
	r := Record{Name: strings.ToLower(d.Selector + "._domainkey." + d.Domain)}
	kind, public, err := publicKey(key.Public())
	if err != nil {
		return Record{}, err
	}
	if k, ok := key.Public().(*rsa.PublicKey); ok {
		r.Bits = k.N.BitLen()
	} else {
		r.Bits = 8 * len(public)
	}
	r.Text = "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
	return r, nil
}

func publicKey(key crypto.PublicKey) (kind string, data []byte, err error) {
	if k, ok := key.(ed25519.PublicKey); ok {
		return "ed25519", k, nil // RFC 8463, section 4.2
	}
	data, err = x509.MarshalPKIXPublicKey(key)
	return "rsa", data, err
}
