package submit

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// A signer is a DKIM key with the names it goes by.
type signer struct {
	domain, selector string
	key              crypto.Signer
}

// signers are the keys that every message is signed with.
type signers []signer

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
