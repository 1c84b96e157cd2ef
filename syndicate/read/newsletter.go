package read

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"broadsheet/syndicate"
)

// A newsletter is a source that comes as mail: each message is an entry. A
// document is one message (RFC 5322) or a mailbox of them (mbox, RFC 4155).

const (
	maxMail     = 15 << 20  // bytes of one message
	maxMailbox  = 256 << 20 // bytes of a folder
	maxMailSeen = 100_000   // files of a folder looked at
)

// readNewsletter reads a message or a mailbox.
func readNewsletter(ctx context.Context, in Input) (*Result, error) {
	if len(bytes.TrimSpace(in.Body)) == 0 {
		return nil, errEmpty
	}
	n := newsletter{in: in, res: &Result{Kind: syndicate.KindNewsletter}}
	messages := splitMailbox(in.Body)
	if extra := len(messages) - in.MaxEntries; extra > 0 {
		n.res.repairf("the mailbox has %d messages; the last %d were read", len(messages), in.MaxEntries)
		messages = messages[extra:]
	}
	var first error
	for i := len(messages) - 1; i >= 0; i-- { // the newest first
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := n.add(messages[i]); err != nil {
			if len(messages) > 1 {
				n.res.repairf("message %d: %v; left out", i+1, err)
			}
			first = err
		}
	}
	if len(n.res.Entries) == 0 {
		return nil, fmt.Errorf("not a newsletter: %w", first)
	}
	return n.res, nil
}

// Folder reads the messages of a folder as a newsletter: those of a
// Maildir (in new and cur), or the files that end in .eml, .mbox or .txt and
// those named like in a Maildir. in says what Read takes; its Body is ignored.
// Files that cannot be read are named in Repairs. Of more than MaxEntries
// messages the newest are read, by the time they were stored.
func Folder(ctx context.Context, fsys fs.FS, in Input) (*Result, error) {
	in = in.withDefaults()
	n := newsletter{in: in, res: &Result{Kind: syndicate.KindNewsletter}}
	files, err := n.mailFiles(fsys)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if total += f.size; len(n.res.Entries) >= in.MaxEntries || total > maxMailbox {
			n.res.repairf("the folder has %d messages; the newest %d were read", len(files), i)
			break
		}
		n.addFile(fsys, f.name)
	}
	if len(n.res.Entries) == 0 && len(n.res.Repairs) > 0 {
		return nil, fmt.Errorf("not a newsletter: no message of the folder could be read; the first: %s", n.res.Repairs[0])
	}
	slices.SortStableFunc(n.res.Entries, func(a, b Entry) int { return b.Published.Compare(a.Published) })
	return n.res, nil
}

// A mailFile is a file of a folder that should be a message.
type mailFile struct {
	name     string
	size     int64
	modified int64
}

// mailFiles returns the messages of a folder, the newest first.
func (n *newsletter) mailFiles(fsys fs.FS) ([]mailFile, error) {
	var files []mailFile
	seen := 0
	for _, dir := range []string{".", "new", "cur"} {
		list, err := fs.ReadDir(fsys, dir)
		if err != nil {
			if dir == "." {
				return nil, fmt.Errorf("mail folder: %w; check the path", err)
			}
			continue
		}
		for _, d := range list {
			if seen++; seen > maxMailSeen {
				n.res.repairf("the folder has more than %d files; the rest was left out", maxMailSeen)
				break
			}
			if !d.Type().IsRegular() || dir == "." && !mailName(d.Name()) || strings.HasPrefix(d.Name(), ".") {
				continue
			}
			f := mailFile{name: path.Join(dir, d.Name())}
			if info, err := d.Info(); err == nil {
				f.size, f.modified = info.Size(), info.ModTime().UnixNano()
			}
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b mailFile) int {
		if a.modified != b.modified {
			return int(max(-1, min(1, b.modified-a.modified)))
		}
		return strings.Compare(b.name, a.name)
	})
	return files, nil
}

// mailName reports whether a file beside others may be a message.
func mailName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".eml", ".mbox", ".txt", ".mail", ".msg":
		return true
	}
	return strings.Contains(name, ":2,")
}

// addFile adds the messages of a file.
func (n *newsletter) addFile(fsys fs.FS, name string) {
	body, err := readMailFile(fsys, name)
	if err != nil {
		n.res.repairf("%s: %v; left out", name, err)
		return
	}
	for i, m := range slices.Backward(splitMailbox(body)) {
		if len(n.res.Entries) >= n.in.MaxEntries {
			n.res.repairf("%s: its first %d messages were left out: the folder has more than %d", name, i+1, n.in.MaxEntries)
			return
		}
		if err := n.add(m); err != nil {
			n.res.repairf("%s: %v; left out", name, err)
		}
	}
}

func readMailFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(f, maxMail+1))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && len(body) > maxMail {
		err = fmt.Errorf("larger than %d MiB", maxMail>>20)
	}
	return body, err
}

// splitMailbox cuts a mailbox into its messages, in the order of the file. A
// document that does not begin like a mailbox is one message.
func splitMailbox(b []byte) [][]byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	b = bytes.TrimLeft(b, "\r\n")
	if !bytes.HasPrefix(b, []byte("From ")) {
		return [][]byte{b}
	}
	var messages [][]byte
	start, blank := -1, true
	for at := 0; at < len(b); {
		end := len(b)
		if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := b[at:end]
		if blank && mailboxLine(line) {
			if start >= 0 {
				messages = append(messages, unquoteMailbox(b[start:at]))
			}
			start = end
		}
		blank = len(bytes.TrimSpace(line)) == 0
		at = end
	}
	if start >= 0 {
		return append(messages, unquoteMailbox(b[start:]))
	}
	_, rest, _ := bytes.Cut(b, []byte("\n"))
	return [][]byte{rest}
}

// fromLine is the line before a message in a mailbox: it ends with a year, as
// asctime writes dates.
var fromLine = regexp.MustCompile(`^From \S+ .*\d\d:\d\d.*\d{4}`)

func mailboxLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) && fromLine.Match(line[:min(len(line), 300)])
}

// unquoteMailbox takes off the ">" that a mailbox puts before lines like the
// one between messages.
func unquoteMailbox(m []byte) []byte {
	if !bytes.Contains(m, []byte("\n>From ")) {
		return m
	}
	return bytes.ReplaceAll(m, []byte("\n>From "), []byte("\nFrom "))
}

// A newsletter collects entries from messages.
type newsletter struct {
	in  Input
	res *Result
}

// add adds a message as an entry. The error says why it cannot be read.
func (n *newsletter) add(raw []byte) error {
	m := parseMail(raw, n.in.Language)
	if len(m.head) == 0 || m.head.get("From") == "" && m.head.get("Subject") == "" && m.head.get("Date") == "" {
		return fmt.Errorf("it begins %q, which is no mail header; save the message with its header, as an .eml file", opening(raw))
	}
	name := shorten(m.head.text("Subject", n.in.Language), 30)
	inner := m.unwrap()
	e, err := n.entry(inner)
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	if inner != m { // a message without an id can be told by the one around it
		e.ID = firstOf(e.ID, m.head.messageID())
		e.guid = e.ID
	}
	n.describe(m.head)
	n.repairs(name, inner, e)
	n.res.Entries = append(n.res.Entries, *e)
	return nil
}

// repairs reports what was not read of a message.
func (n *newsletter) repairs(name string, m *mailMessage, e *Entry) {
	if k := len(m.body.files); k > 0 {
		shown := m.body.files[:min(k, 5)]
		n.res.repairf("%q: %d attached %s left out: %s", name, k, plural(k, "file was", "files were"), strings.Join(shown, ", "))
	}
	if m.body.cut {
		n.res.repairf("%q: the message is cut off before its end", name)
	}
	if m.body.many {
		n.res.repairf("%q: more than %d parts, or more than %d within each other; the rest was left out", name, maxMailParts, maxMailDepth)
	}
	if e.Published.IsZero() {
		n.res.repairf("%q: has no date; it takes the time it is first seen", name)
	}
}

// unwrap returns the message that another only carries: one that has nothing
// of its own, or a few words, beside a whole message.
func (m *mailMessage) unwrap() *mailMessage {
	for range maxMailDepth {
		own := m.body.text
		if m.body.html != "" {
			_, own = cleanHTML(m.body.html, nil)
		}
		if m.body.inner == nil || len(strings.TrimSpace(own)) > 1000 {
			return m
		}
		m = m.body.inner
	}
	return m
}

// describe fills in what the source is called, from its newest message.
func (n *newsletter) describe(h mailHeader) {
	f := &n.res.Feed
	name, id := h.list(n.in.Language)
	from := h.persons("From", n.in.Language)
	f.ID = firstOf(f.ID, id)
	if f.Title == "" {
		f.Title = name
		if len(from) > 0 {
			f.Title = firstOf(name, from[0].Name, from[0].Email)
		}
		f.Authors = from
	}
	f.Link = firstOf(f.Link, h.address("List-Archive"))
	f.Language = firstOf(f.Language, languageTag(h.get("Content-Language")))
}

// entry makes an entry of a message.
func (n *newsletter) entry(m *mailMessage) (*Entry, error) {
	if m.body.html == "" && strings.TrimSpace(m.body.text) == "" {
		if m.body.sealed != "" {
			return nil, errors.New("the message is " + m.body.sealed + "; ask the publisher for plain mail")
		}
		if m.head.get("Subject") == "" {
			return nil, errors.New("the message has neither subject nor text")
		}
	}
	e := &Entry{}
	lang := n.in.Language
	e.ID = m.head.messageID()
	e.guid = e.ID
	e.Title = m.head.text("Subject", lang)
	e.Authors = m.head.persons("From", lang)
	e.Published, e.PublishedRaw = m.head.date(n.in.Location)
	e.Language = languageTag(m.head.get("Content-Language"))
	var cs categories
	for _, k := range strings.Split(m.head.text("Keywords", lang), ",") {
		cs.add(Category{Term: k})
	}
	e.Categories = cs.list
	n.content(e, m)
	if e.Link = firstOf(m.head.address("Archived-At"), e.Link); e.Link != "" {
		e.Links = []Link{{Rel: "alternate", Href: e.Link}}
	}
	return e, nil
}

// content reads the text of a message, without what mail programs and lists
// put around it.
func (n *newsletter) content(e *Entry, m *mailMessage) {
	markup := m.body.html
	plain := m.body.text
	if markup == "" || len(plain) > 4*len(markup) {
		markup = textAsHTML(plain)
	}
	l := parseLetter(markup)
	l.clean(documentBase(n.in))
	if l.cut {
		n.res.repairf("%q: the message has more text than is read; the rest was left out", shorten(e.Title, 30))
	}
	e.Link = l.browser
	e.Content, e.text = cleanHTML(l.markup(), documentBase(n.in))
	if len(strings.TrimSpace(e.text)) == 0 && plain != "" && m.body.html != "" {
		// All of the HTML was a picture or a frame around nothing.
		e.Content, e.text = cleanHTML(textAsHTML(plain), nil)
	}
	if l.preview != "" && !strings.HasPrefix(e.text, l.preview) {
		e.Summary, e.summaryText = cleanText(l.preview)
	}
	n.forwarded(e, l.forward)
}

// replyMark is what mail programs put before a subject.
var replyMark = regexp.MustCompile(`(?i)^\s*(?:(?:re|fwd?|aw|wg|tr|rv|i|转发|轉寄|答复|回复|回覆)\s*(?:\[\d+\])?\s*[:：]\s*)+`)

// forwarded takes over what the head of a forwarded message says of it.
func (n *newsletter) forwarded(e *Entry, head map[string]string) {
	if head == nil {
		return
	}
	e.Title = firstOf(replyMark.ReplaceAllString(head["subject"], ""), replyMark.ReplaceAllString(e.Title, ""), e.Title)
	if p := parsePerson(head["from"]); p != (Person{}) {
		p.Name = personName(p.Name, p.Email)
		e.Authors = []Person{p}
	}
	if t, ok := mailDate(strings.Replace(head["date"], " at ", " ", 1), n.in.Location); ok {
		e.Published, e.PublishedRaw = t, head["date"]
	}
}
