package receive

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"sync"
	"time"
)

// lookAgain is how often it is looked whether the certificate was renewed.
const lookAgain = time.Minute

// A certificate is what the server shows in STARTTLS: that of the files, which
// others renew under us, or one that nobody has signed. Mail servers take
// either (RFC 7435): it keeps who only listens out.
type certificate struct {
	cfg Config

	mu       sync.Mutex
	current  *tls.Certificate
	looked   time.Time
	modified time.Time // of the file that current is from
}

func newCertificate(cfg Config) (*certificate, error) {
	c := &certificate{cfg: cfg}
	var err error
	if cfg.CertificateFile == "" {
		c.current, err = selfSigned(cfg.Domain)
	} else {
		err = c.load()
	}
	return c, err
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// load reads the files. After an error the certificate is the one it was.
func (c *certificate) load() error {
	c.looked = time.Now()
	info, err := os.Stat(c.cfg.CertificateFile)
	if err != nil || info.ModTime().Equal(c.modified) {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.cfg.CertificateFile, c.cfg.KeyFile)
	if err != nil {
		return fmt.Errorf("mail.receive.certificate_file: %w; name a certificate and its key", err)
	}
	c.current, c.modified = &pair, info.ModTime()
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg.CertificateFile != "" && time.Since(c.looked) > lookAgain {
		_ = c.load() // while the files are being replaced the old one will do
	}
	return c.current, nil
}

// selfSigned makes a certificate for as long as the process lives.
func selfSigned(domain string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: domain},
		DNSNames:     []string{domain},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(5, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
