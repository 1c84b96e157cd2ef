package submit_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// key is a private key in a file, and its record in the DNS.
type key struct{ file, record string }

func writeKey(t testing.TB, kind string) key {
	t.Helper()
	var private crypto.Signer
	var block *pem.Block
	var err error
	switch kind {
	case "rsa-pkcs1", "rsa-pkcs8", "rsa-short":
		bits := 2048
		if kind == "rsa-short" {
			bits = 1024
		}
		k, kerr := rsa.GenerateKey(rand.Reader, bits)
		if kerr != nil {
			t.Fatal(kerr)
		}
		private, block = k, &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}
	case "ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case "ecdsa":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	if block == nil || kind == "rsa-pkcs8" {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		block = &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	}
	k := key{file: filepath.Join(t.TempDir(), kind+".pem")}
	if err := os.WriteFile(k.file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	switch p := private.Public().(type) {
	case ed25519.PublicKey:
		k.record = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(p)
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(p)
		if err != nil {
			t.Fatal(err)
		}
		k.record = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
	return k
}

func verify(t *testing.T, data []byte, records map[string]string) []*dkim.Verification {
	t.Helper()
	vs, err := dkim.VerifyWithOptions(bytes.NewReader(data), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if r, ok := records[name]; ok {
			return []string{r}, nil
		}
		return nil, fmt.Errorf("no record %s", name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return vs
}

func TestEverySignatureVerifies(t *testing.T) {
	c := submit.Default()
	records := map[string]string{}
	for i, kind := range []string{"rsa-pkcs1", "rsa-pkcs8", "rsa-short", "ed25519"} {
		k := writeKey(t, kind)
		selector := fmt.Sprintf("s%d", i)
		records[selector+"._domainkey.news.example.com"] = k.record
		c.DKIM = append(c.DKIM, submit.DKIM{Domain: "news.example.com", Selector: selector, KeyFile: k.file})
	}
	for name, m := range map[string]mailer.Message{"Chinese": chinese(), "English": english()} {
		t.Run(name, func(t *testing.T) {
			data, err := submit.Sign(c, m)
			if err != nil {
				t.Fatal(err)
			}
			checkForm(t, data)
			checkBack(t, m, data)
			vs := verify(t, data, records)
			if len(vs) != len(c.DKIM) {
				t.Fatalf("%d signatures, want %d", len(vs), len(c.DKIM))
			}
			for i, v := range vs {
				if v.Err != nil {
					t.Errorf("signature %d: %v", i, v.Err)
				}
				for _, f := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Message-ID", "Content-Type"} {
					if !slices.Contains(v.HeaderKeys, f) {
						t.Errorf("signature %d does not cover %s", i, f)
					}
				}
			}
		})
	}
}

func TestSignatureNoticesChanges(t *testing.T) {
	k := writeKey(t, "ed25519")
	c := submit.Default()
	c.DKIM = []submit.DKIM{{Domain: "news.example.com", Selector: "s", KeyFile: k.file}}
	records := map[string]string{"s._domainkey.news.example.com": k.record}
	data, err := submit.Sign(c, english())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		old, new string
		valid    bool
	}{
		{"nothing", "", "", true},
		{"refolded", "From: \"River City Business\" <", "From: \"River City Business\"\r\n\t<", true},
		{"another way to unsubscribe", "<mailto:editor@example.com?", "<mailto:mallory@example.com?", false},
		{"one-click added", "List-Help:", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Help:", false},
		{"a second sender", "List-Help:", "From: mallory@example.com\r\nList-Help:", false},
		{"another subject", "Finance 3", "Finance 4", false},
		{"another text", "second berth", "third berth", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(string(data), tt.old, tt.new, 1)
			if tt.old != "" && changed == string(data) {
				t.Fatalf("%q is not in the message", tt.old)
			}
			for _, v := range verify(t, []byte(changed), records) {
				if (v.Err == nil) != tt.valid {
					t.Errorf("valid: %v (%v), want %v", v.Err == nil, v.Err, tt.valid)
				}
			}
		})
	}
}

func TestBadKeys(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("nonsense")})
	for _, tt := range []struct{ name, file, want string }{
		{"missing", filepath.Join(dir, "none"), "no such file"},
		{"not PEM", write("a", "hello"), "is no PEM file; make one with openssl genrsa"},
		{"nonsense in PEM", write("b", string(public)), "holds no private key in PKCS #1 or PKCS #8 form"},
		{"a kind that mail does not know", writeKey(t, "ecdsa").file, "cannot sign mail; use RSA or Ed25519"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := submit.Default()
			c.DKIM = []submit.DKIM{{Domain: "example.com", Selector: "s", KeyFile: tt.file}}
			_, err := submit.New(c)
			if err == nil || !strings.HasPrefix(err.Error(), "dkim[0].key_file: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want dkim[0].key_file: … %q", err, tt.want)
			}
		})
	}
}
