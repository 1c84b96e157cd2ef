package config

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Show writes the effective configuration as YAML: every key, defaults filled
// in, variables and addresses resolved. Secrets read <secret>; files that hold
// secrets are named, not read.
func (c *Config) Show(w io.Writer) error {
	text, err := c.YAML()
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// YAML returns what [Config.Show] writes. Without secrets in it, Parse reads
// it back as an equal configuration.
func (c *Config) YAML() ([]byte, error) {
	f := toFile(*c)
	f.Database = hidePassword(f.Database)
	for i := range f.Sources {
		f.Sources[i].URL = hidePassword(f.Sources[i].URL)
	}
	text, err := yaml.Dump(f, yaml.WithIndent(2), yaml.WithLineWidth(-1), yaml.WithUnicode(true))
	if err != nil {
		return nil, fmt.Errorf("print the configuration: %w", err)
	}
	return bytes.ReplaceAll(text, []byte("${"), []byte("$${")), nil
}

var passwordParameter = regexp.MustCompile(`(?i)([?&](?:password|sslpassword|token|key|secret|api_?key|access_token)=)[^&#]+`)

// passwordSomewhere is the password of an address that does not parse.
var passwordSomewhere = regexp.MustCompile(`(://[^/?#@:]*:).*@`)

// hidePassword puts <secret> where an address has a password.
func hidePassword(address string) string {
	address = passwordParameter.ReplaceAllString(address, "${1}"+hidden)
	u, err := url.Parse(address)
	if err != nil {
		return passwordSomewhere.ReplaceAllString(address, "${1}"+hidden+"@")
	}
	if u.User == nil {
		return address
	}
	if _, has := u.User.Password(); !has {
		return address
	}
	scheme, rest, _ := strings.Cut(address, "://")
	authority, tail, slash := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	user, _, _ := strings.Cut(authority[:max(at, 0)], ":")
	shown := scheme + "://" + user + ":" + hidden + authority[max(at, 0):]
	if slash {
		shown += "/" + tail
	}
	return shown
}
