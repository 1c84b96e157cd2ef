package deliver

import "strings"

// A Preset is how a relay is used where the configuration does not say.
type Preset struct {
	Connections int     // at a time
	Rate        float64 // messages a second; 0 is as many as it takes
}

// presets are relays by the end of their host names. Exchange Online takes 30
// messages a minute from an account, over three connections; SocketLabs takes
// 10 connections, AuthSMTP 5; SendGrid takes thousands. The others publish no
// number: theirs are cautious ones, and what an account of them may send shows
// when they answer 454 or 421, which slows everything down.
var presets = map[string]Preset{
	"smtp.office365.com":    {Connections: 3, Rate: 0.5},
	"smtp-mail.outlook.com": {Connections: 3, Rate: 0.5},
	"smtp.gmail.com":        {Connections: 2, Rate: 1},
	"smtp-relay.gmail.com":  {Connections: 10},
	"amazonaws.com":         {Connections: 20},
	"sendgrid.net":          {Connections: 20},
	"mailgun.org":           {Connections: 10},
	"postmarkapp.com":       {Connections: 10},
	"socketlabs.com":        {Connections: 10},
	"authsmtp.com":          {Connections: 5},
}

// RelayPreset returns how a relay is used that is known by its host name.
func RelayPreset(host string) (Preset, bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for name := host; name != ""; {
		if p, ok := presets[name]; ok {
			return p, true
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return Preset{}, false
}
