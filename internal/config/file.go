package config

// The types of this file are config.yaml as it is written. Their tags are the
// keys (yaml) and what the JSON Schema says about them (jsonschema and
// jsonschema_description); the decoder, the schema and config show all walk
// them, so that a key is added here and nowhere else.

type fileConfig struct {
	Site     fileSite     `yaml:"site" jsonschema_description:"The paper itself: what it is called and where it is found."`
	Listen   string       `yaml:"listen" jsonschema:"example=127.0.0.1:8080,example=:80" jsonschema_description:"The address to serve pages and feeds on, host:port. Without a host it is every address of the machine."`
	Database string       `yaml:"database" jsonschema:"pattern=^(sqlite:|postgres://|postgresql://|.*[$][{])" jsonschema_description:"Where everything is stored: sqlite:PATH, or postgres://user:password@host/name."`
	Keep     duration     `yaml:"keep" jsonschema_description:"How long articles stay after they were first seen. 0s = for ever; else at least 60d, so that no digest misses one."`
	Polling  filePolling  `yaml:"polling" jsonschema_description:"How sources are asked again."`
	Themes   themeList    `yaml:"themes" jsonschema_description:"The subjects that articles are filed under, by id. Their order is the order in digests."`
	Places   []filePlace  `yaml:"places" jsonschema_description:"Places that articles name, beside those Broadsheet knows: the divisions of China to county level, zones, ports and airports, countries and large cities."`
	Model    string       `yaml:"model" jsonschema_description:"What was learnt beside the terms: empty = the model that comes with Broadsheet, none = terms alone, or a file that broadsheet themes learn wrote, relative to this one."`
	Sources  []fileSource `yaml:"sources" jsonschema_description:"Where articles come from."`
	Publish  filePublish  `yaml:"publishing" jsonschema_description:"What feeds give away."`
	Feeds    []fileFeed   `yaml:"feeds" jsonschema_description:"Selections of articles to publish beside those of every theme, of every source and of all."`
	Digests  []fileDigest `yaml:"digests" jsonschema_description:"Recurring mailings."`
	Mail     fileMail     `yaml:"mail" jsonschema_description:"How mail leaves."`
	Admin    fileAdmin    `yaml:"admin" jsonschema_description:"The pages for the operator."`
}

type fileSite struct {
	Title    string `yaml:"title" jsonschema_description:"The name of the paper, in feeds, pages and mail."`
	URL      string `yaml:"url" jsonschema:"format=uri" jsonschema_description:"The public address. Every link in feeds and mail starts with it."`
	Language string `yaml:"language" jsonschema:"enum=zh-Hans,enum=en" jsonschema_description:"The language where a reader has chosen none."`
	Timezone string `yaml:"timezone" jsonschema:"example=Asia/Shanghai" jsonschema_description:"The time zone of dates that name none, by its IANA name."`
	Contact  string `yaml:"contact" jsonschema:"format=email" jsonschema_description:"The editor's mail address."`
}

type filePolling struct {
	Every            duration `yaml:"every" jsonschema_description:"The shortest time between two polls of a source that does not set its own. At least 5m."`
	UserAgentContact string   `yaml:"user_agent_contact" jsonschema_description:"Where the people behind a source reach you, an address or a mail address; it is part of the User-Agent. Empty = site.url."`
	AllowPrivate     []string `yaml:"allow_private" jsonschema_description:"Private addresses that may be fetched all the same, as CIDR or host:port."`
}

type fileTheme struct {
	Title     localised  `yaml:"title" jsonschema_description:"The theme's name for people, one text or one for each language."`
	Terms     []fileTerm `yaml:"terms" jsonschema_description:"Words and phrases of any language that speak for the theme."`
	Not       []string   `yaml:"not" jsonschema_description:"Phrases that take their words out: with blood bank here, a blood bank is no bank."`
	Threshold float64    `yaml:"threshold" jsonschema_description:"The score from which an article is filed under the theme. Above 0."`
}

type filePlace struct {
	Name string   `yaml:"name" jsonschema:"required" jsonschema_description:"The name as articles write it. Where several places have it, this one is meant."`
	In   string   `yaml:"in" jsonschema_description:"The place it lies in, so that place:IN finds it too. Empty = none."`
	Also []string `yaml:"also" jsonschema_description:"Its other names, of either language."`
}

type fileSource struct {
	Name     string        `yaml:"name" jsonschema:"required,pattern=^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" jsonschema_description:"A unique name of small letters, digits and hyphens. It is part of the identity of every article: choose it once."`
	Title    string        `yaml:"title" jsonschema_description:"The name for people. Empty = name."`
	URL      string        `yaml:"url" jsonschema:"required" jsonschema_description:"The address: http, https, or file: relative to this file."`
	Kind     string        `yaml:"kind" jsonschema:"enum=feed,enum=listing,enum=page,enum=newsletter" jsonschema_description:"feed is RSS, Atom or JSON Feed; page is a web page without a feed; listing is plain text, items between lines that hold only a hyphen; newsletter is a Maildir, a folder of .eml files or one message, under file:."`
	Every    duration      `yaml:"every" jsonschema_description:"The shortest time between two polls. 0s = polling.every."`
	Language string        `yaml:"language" jsonschema_description:"The language of the articles (BCP 47). Empty = the articles themselves tell."`
	Themes   []string      `yaml:"themes" jsonschema_description:"Ids of themes that every article is put under, whatever it says."`
	Match    string        `yaml:"match" jsonschema_description:"A query. Articles that do not match are left out."`
	FullText bool          `yaml:"full_text" jsonschema_description:"Fetch the page of each article as well, once, and use its text where it is fuller than the feed's."`
	Page     fileSelectors `yaml:"page,omitempty" jsonschema_description:"Where a page without a feed carries what: CSS selectors, each within an item but body, and with @NAME behind it the value of an attribute. All empty = the page itself tells."`
}

type fileSelectors struct {
	Profile string `yaml:"profile" jsonschema_description:"The name of a built-in profile: gov-cn or portal-cn. Empty = it is found."`
	Item    string `yaml:"item" jsonschema_description:"The selector of one item. Empty = the list is found."`
	Link    string `yaml:"link" jsonschema_description:"The selector of an item's link."`
	Title   string `yaml:"title" jsonschema_description:"The selector of an item's title."`
	Date    string `yaml:"date" jsonschema_description:"The selector of an item's date."`
	Summary string `yaml:"summary" jsonschema_description:"The selector of an item's summary."`
	Body    string `yaml:"body" jsonschema_description:"The selector of the text on an article's own page."`
}

type fileFeed struct {
	Name    string    `yaml:"name" jsonschema:"required,pattern=^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" jsonschema_description:"A unique name of small letters, digits and hyphens: the feed is at /feeds/NAME.rss, .atom and .json."`
	Title   localised `yaml:"title" jsonschema_description:"The name for people, one text or one for each language. Empty = name."`
	Query   string    `yaml:"query" jsonschema:"required" jsonschema_description:"What the feed holds."`
	Limit   int       `yaml:"limit" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"How many articles the feed holds at most."`
	Content string    `yaml:"content" jsonschema:"enum=,enum=full,enum=summary" jsonschema_description:"What it holds of an article, full or summary. Empty = publishing.content."`
}

type filePublish struct {
	Content string `yaml:"content" jsonschema:"enum=full,enum=summary" jsonschema_description:"What feeds hold of an article: full is its text; summary is all but that, with the link to it."`
}

type fileDigest struct {
	Name        string     `yaml:"name" jsonschema:"required,pattern=^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" jsonschema_description:"A unique name of small letters, digits and hyphens."`
	Title       string     `yaml:"title" jsonschema_description:"The name for people. Empty = name."`
	Schedule    string     `yaml:"schedule" jsonschema:"required,example=0 8 * * MON,example=@daily" jsonschema_description:"When an edition is due: cron, five fields, or @daily and the like."`
	Timezone    string     `yaml:"timezone" jsonschema_description:"The time zone of the schedule and of dates in the mail, by its IANA name. Empty = site.timezone."`
	Themes      []string   `yaml:"themes" jsonschema_description:"Ids of the themes in it, in the order of the sections. Empty = all, in their order."`
	Query       string     `yaml:"query" jsonschema_description:"Only articles that match this query. Empty = all."`
	MaxPerTheme int        `yaml:"max_per_theme" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"How many articles a section holds at most."`
	SendEmpty   bool       `yaml:"send_empty" jsonschema_description:"Send an edition that has no articles."`
	Operator    bool       `yaml:"operator" jsonschema_description:"Tell also what needs the operator: sources that fail, have changed or are held. Such a digest is not on the public pages."`
	IfMissed    fileMissed `yaml:"if_missed" jsonschema_description:"What happens to an edition that could not be made in time."`
	To          []string   `yaml:"to" jsonschema_description:"Mail addresses that get every edition, beside the subscribers."`
}

type fileMissed struct {
	Within duration `yaml:"within" jsonschema_description:"An edition later than this is skipped and says so. At least 1m."`
}

type fileMail struct {
	From       string      `yaml:"from" jsonschema_description:"The sender, with or without a name: Name <address>."`
	Templates  string      `yaml:"templates" jsonschema_description:"A folder with digest.html or digest.txt of your own, relative to this file. What is not in it is Broadsheet's. Empty = none. See docs/templates.md."`
	Postal     string      `yaml:"postal" jsonschema_description:"A postal address for the foot of every mail, in one line; some countries ask for one. Empty = none."`
	Transport  string      `yaml:"transport" jsonschema:"enum=directory,enum=smtp" jsonschema_description:"directory writes one .eml file a message; smtp hands messages to a server."`
	Directory  string      `yaml:"directory" jsonschema_description:"The folder of the directory transport, relative to where Broadsheet is started."`
	SMTP       fileSMTP    `yaml:"smtp" jsonschema_description:"The server of the smtp transport."`
	Uncertain  string      `yaml:"uncertain" jsonschema:"enum=resend,enum=hold" jsonschema_description:"What becomes of a message that may have arrived, because the connection broke or Broadsheet was killed before the reply: resend sends it again under the same Message-ID; hold leaves it until broadsheet digest resend."`
	Journal    string      `yaml:"journal" jsonschema_description:"The file that notes what is being sent, so that a crash loses nothing. Empty = beside the SQLite file, or for PostgreSQL broadsheet.mail-journal where Broadsheet is started or in its systemd state folder. Every machine needs its own."`
	Spread     duration    `yaml:"spread" jsonschema_description:"Send an edition evenly over this long. 0s = as fast as the server takes it."`
	Rates      rateMap     `yaml:"rates" jsonschema_description:"Messages a second at most to the mailboxes of a provider, by domain. The domains of one provider count together."`
	WarmUp     fileDay     `yaml:"warm_up" jsonschema_description:"The first day of a new sender, as 2026-12-01: 200 messages that day, and each day a fifth more for six weeks. Empty = none."`
	DKIM       []fileDKIM  `yaml:"dkim" jsonschema_description:"Keys to sign mail with, one for each domain and selector."`
	IMAP       fileIMAP    `yaml:"imap" jsonschema_description:"A mailbox elsewhere that mail for mail.receive.domain comes to, asked again and again: where no port 25 can be had."`
	UnsafeBulk bool        `yaml:"unsafe_bulk" jsonschema_description:"Send to more than 5,000 recipients even what broadsheet doctor says Gmail, Yahoo or Outlook would refuse, for instance because the relay signs."`
	Receive    fileReceive `yaml:"receive" jsonschema_description:"Receiving mail: bounces, complaints, unsubscriptions and newsletters. docs/mail.md has the DNS records."`
}

type fileSMTP struct {
	Host          string  `yaml:"host" jsonschema_description:"The server's name. Needed for the smtp transport."`
	Port          int     `yaml:"port" jsonschema:"minimum=1,maximum=65535" jsonschema_description:"The server's port: 587 with starttls, 465 with implicit."`
	TLS           string  `yaml:"tls" jsonschema:"enum=starttls,enum=implicit,enum=none,enum=insecure" jsonschema_description:"How the connection is secured: starttls, implicit, none for a relay on this machine, or insecure for one elsewhere when nobody can listen on the way."`
	Username      string  `yaml:"username" jsonschema_description:"The account. Empty = no sign-in."`
	PasswordFile  string  `yaml:"password_file" jsonschema_description:"A file, relative to this one, that holds the password and that only its owner may read."`
	Connections   int     `yaml:"connections" jsonschema:"minimum=1" jsonschema_description:"Connections at the same time."`
	PerConnection int     `yaml:"per_connection" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"Messages over a connection before a new one takes its place. Many relays close one after 100."`
	Rate          float64 `yaml:"rate" jsonschema:"minimum=0" jsonschema_description:"Messages a second at most. 0 = no limit."`
}

type fileDKIM struct {
	Domain   string `yaml:"domain" jsonschema:"required" jsonschema_description:"The signing domain."`
	Selector string `yaml:"selector" jsonschema:"required" jsonschema_description:"The selector: the key's record is SELECTOR._domainkey.DOMAIN."`
	KeyFile  string `yaml:"key_file" jsonschema:"required" jsonschema_description:"A file, relative to this one, that holds the private key (PEM) and that only its owner may read."`
}

type fileReceive struct {
	Listen          string `yaml:"listen" jsonschema:"example=:25" jsonschema_description:"The address of the SMTP server, host:port. Empty = none."`
	Domain          string `yaml:"domain" jsonschema:"example=bounce.example.com" jsonschema_description:"The domain whose mail comes here. Its addresses are bounce+…, unsubscribe, abuse, feedback, postmaster, and newsletter-NAME for each newsletter source."`
	CertificateFile string `yaml:"certificate_file" jsonschema_description:"A file, relative to this one, with the certificate for STARTTLS and its chain (PEM). Empty = one that is made at each start."`
	KeyFile         string `yaml:"key_file" jsonschema_description:"A file, relative to this one, that holds the certificate's key (PEM) and that only its owner may read."`
}

type fileIMAP struct {
	Host         string   `yaml:"host" jsonschema_description:"The server's name. Empty = none."`
	Port         int      `yaml:"port" jsonschema:"minimum=1,maximum=65535" jsonschema_description:"The server's port: 993 with implicit, 143 with starttls."`
	TLS          string   `yaml:"tls" jsonschema:"enum=implicit,enum=starttls,enum=none" jsonschema_description:"How the connection is secured: implicit, starttls, or none for a server on this machine."`
	Username     string   `yaml:"username" jsonschema_description:"The account."`
	PasswordFile string   `yaml:"password_file" jsonschema_description:"A file, relative to this one, that holds the password and that only its owner may read."`
	Mailbox      string   `yaml:"mailbox" jsonschema_description:"The mailbox's name there."`
	Every        duration `yaml:"every" jsonschema_description:"How often it is asked. At least 1m."`
	Remove       bool     `yaml:"remove" jsonschema_description:"Delete there what was taken. false = mark it as seen."`
}

type fileAdmin struct {
	PasswordHash Secret `yaml:"password_hash" jsonschema_description:"The bcrypt hash of the password for the admin pages, from broadsheet admin password. Empty = a link that is printed at each start signs in, once."`
	Edit         bool   `yaml:"edit" jsonschema_description:"Whether an admin page edits this file: checked as a whole, saved as a whole, comments kept. With false the page shows it."`
}
