package submit

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/emersion/go-msgauth/dkim"

	"broadsheet/mailer"
)

// A signer is a DKIM key with the names it goes by.
type signer struct {
	domain, selector string
	key              crypto.Signer
}

type signers []signer

// signedFields returns the header fields that a signature covers, whether the
// message has them or not. From stands twice, so that nobody can add a second
// one. RFC 8058, section 4 wants List-Unsubscribe and List-Unsubscribe-Post.
func signedFields() []string {
	return []string{
		"From", "From", "To", "Subject", "Date", "Message-ID", "Reply-To",
		"MIME-Version", "Content-Type", "Content-Language",
		"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Owner",
		"Feedback-ID", "Precedence", "Auto-Submitted",
	}
}

func loadKeys(cfgs []DKIM) (signers, error) {
	var keys signers
	for i, c := range cfgs {
		key, err := readKey(c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("dkim[%d].key_file: %w", i, err)
		}
		keys = append(keys, signer{domain: c.Domain, selector: c.Selector, key: key})
	}
	return keys, nil
}

// readKey reads a private key from a PEM file.
func readKey(path string) (crypto.Signer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file; make one with openssl genrsa -out FILE 2048", path)
	}
	key, err := parseKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func parseKey(der []byte) (crypto.Signer, error) {
	var key any
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			return nil, errors.New("holds no private key in PKCS #1 or PKCS #8 form, or one with a passphrase; convert it with openssl pkcs8 -topk8 -nocrypt")
		}
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 1024 { // RFC 8301, section 3.2
			return nil, fmt.Errorf("the RSA key has %d bits, receivers ignore it; use 2048", k.N.BitLen())
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("a key of type %T cannot sign mail; use RSA or Ed25519", key)
}

// message builds m and puts a signature of every key before it.
//
// The bytes are signed when they are finished, by go-msgauth: go-mail's own
// signer folds a long list of fields in the middle of a name, which makes the
// signature invalid.
func (ss signers) message(m mailer.Message) ([]byte, error) {
	body, err := Build(m)
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	for _, s := range ss {
		sig, err := s.signature(body)
		if err != nil {
			return nil, fmt.Errorf("sign for %s: %w", s.domain, err)
		}
		head.WriteString(sig)
	}
	return append(head.Bytes(), body...), nil
}

func (s signer) signature(body []byte) (string, error) {
	w, err := dkim.NewSigner(&dkim.SignOptions{
		Domain:                 s.domain,
		Selector:               s.selector,
		Signer:                 s.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
		HeaderKeys:             signedFields(),
	})
	if err != nil {
		return "", err
	}
	_, err = w.Write(body)
	if cerr := w.Close(); err == nil { // ends the signer's goroutine, too
		err = cerr
	}
	if err != nil {
		return "", err
	}
	return w.Signature(), nil
}
