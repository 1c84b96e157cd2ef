package deliver

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"broadsheet/mailer"
)

// A Journal is a file that knows what is on the wire: a delivery is written
// into it just before the end of its message is sent and again when the reply
// is there. What a killed process had written the system still has (see
// mapped), so that the next one knows which messages may have arrived: at most
// one for each connection. A power failure may take the last lines.
//
// Each process that delivers has a file of its own and holds a lock on it as
// long as it lives: Path, or Path.2 and so on when others have those before.
// Set the fields before the first use.
type Journal struct {
	Path     string // of the file; its folder must exist
	Database string // what the deliveries' numbers belong to; a journal of another database is refused

	recovering sync.Mutex // held from start to adopt

	mu    sync.Mutex
	name  string // of our file; "" before it is open
	file  *mapped
	owner string
	open  map[int64]noted // what is not settled yet
	line  []byte
	owed  []mailer.Delivery // see owe
}

// A noted is a delivery that our journal has lines of.
type noted struct {
	begin, end line // end is empty if it could not be written
	ended      bool
}

// A line is where a line of the journal stands in its file.
type line struct{ from, to int }

// An entry is what a journal that was left behind knows about a delivery: ID,
// MessageID and Attempts as it began, all of the outcome once it has ended.
type entry struct {
	mailer.Delivery
	ended bool
}

const (
	journalMark    = "broadsheet-mail-journal 1"
	maxJournals    = 64
	maxJournalText = 500     // bytes of a reply or an error
	compactAt      = 4 << 20 // bytes
)

// A leftover is the journal of a process that is no more.
type leftover struct {
	name    string
	file    *os.File // locked
	owner   string
	entries map[int64]*entry
	unread  int // lines that are damaged
}

// Owner returns the name that leases of this process go by: another one in
// every process. It is "" until the journal is open.
func (j *Journal) Owner() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.owner
}

// nth returns the file of the n-th process that delivers, from 1.
func (j *Journal) nth(n int) string {
	if n == 1 {
		return j.Path
	}
	return j.Path + "." + strconv.Itoa(n)
}

// start opens the journal unless it is open, and returns those of processes
// that are no more. The first of them becomes ours once the caller has dealt
// with all and calls adopt.
func (j *Journal) start() ([]*leftover, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.name != "" {
		return nil, nil
	}
	var left []*leftover
	fail := func(err error) ([]*leftover, error) {
		release(left)
		return nil, err
	}
	for i := 1; i <= maxJournals; i++ {
		name := j.nth(i)
		if _, err := os.Stat(name); len(left) > 0 && errors.Is(err, fs.ErrNotExist) {
			continue // it need not be made: we have one
		}
		file, err := lockedFile(name)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			continue // its process lives
		case err != nil:
			return fail(fmt.Errorf("journal of deliveries %s: %w; make its folder one that Broadsheet may write to", name, err))
		}
		l := &leftover{name: name, file: file}
		left = append(left, l)
		if err := l.read(j.Database); err != nil {
			return fail(err)
		}
	}
	if len(left) == 0 {
		return nil, fmt.Errorf("journal of deliveries %s: %d processes deliver already", j.Path, maxJournals)
	}
	return left, nil
}

// adopt begins our own journal in place of the first of those that start
// returned, and removes the others.
func (j *Journal) adopt(left []*leftover) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, l := range left {
		if i > 0 {
			_ = os.Remove(l.name)
			_ = l.file.Close()
			continue
		}
		j.open = map[int64]noted{}
		j.name, j.file = l.name, &mapped{file: l.file}
		id := make([]byte, 8)
		_, _ = rand.Read(id) // never fails
		j.owner = hex.EncodeToString(id)
		if err := j.compact(); err != nil {
			j.name, j.owner = "", ""
			_ = l.file.Close()
			for _, rest := range left[1:] {
				_ = rest.file.Close()
			}
			return err
		}
	}
	return nil
}

// Close gives the file up. Nothing may be delivered any more. The file is
// removed if all of it is settled.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.name == "" {
		return nil
	}
	if len(j.open) == 0 {
		_ = os.Remove(j.name) // whoever finds it later finds it settled
	}
	j.name = ""
	return errors.Join(j.file.trim(), j.file.close())
}

// lockedFile opens a file, made if there is none, that no other process has.
func lockedFile(name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, plainPath(err)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a descriptor is small
			_ = f.Close()
			return nil, err
		}
		ours, err := f.Stat()
		if err == nil {
			var there fs.FileInfo
			there, err = os.Stat(name)
			if err == nil && os.SameFile(ours, there) {
				return f, nil
			}
		}
		_ = f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, plainPath(err)
		}
		// It was replaced or removed before we had the lock: look again.
	}
}

// plainPath is an error without the path, which the message has already.
func plainPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// read takes in what a process left behind.
func (l *leftover) read(database string) error {
	l.entries = map[int64]*entry{}
	data, err := os.ReadFile(l.name)
	if err != nil {
		return fmt.Errorf("journal of deliveries %s: %w", l.name, plainPath(err))
	}
	head, rest, whole := bytes.Cut(bytes.TrimRight(data, "\x00"), []byte("\n"))
	if !whole { // it was killed before the first line was there: nothing had begun
		if bytes.HasPrefix([]byte(journalMark+" "), head[:min(len(head), len(journalMark)+1)]) {
			return nil
		}
		return l.foreign()
	}
	fields := strings.Fields(string(head))
	if len(fields) != 4 || strings.Join(fields[:2], " ") != journalMark {
		return l.foreign()
	}
	if fields[2] != database {
		return fmt.Errorf("%s is the journal of another database: what it says of deliveries under way would be put down to the wrong ones; "+
			"bring its database back, name another file under mail.journal, or move it away if that database is gone for good", l.name)
	}
	l.owner = fields[3]
	for len(rest) > 0 {
		var line []byte
		line, rest, whole = bytes.Cut(rest, []byte("\n"))
		if !whole || !l.take(line) {
			l.unread++
		}
	}
	return nil
}

func (l *leftover) foreign() error {
	return fmt.Errorf("%s is no journal of deliveries; move it away, or name another file under mail.journal", l.name)
}

// take takes in one line and reports whether it is whole.
func (l *leftover) take(line []byte) bool {
	i := bytes.LastIndexByte(line, ' ')
	if i < 0 || checksum(line[:i]) != string(line[i+1:]) {
		return false
	}
	f := strings.SplitN(string(line[:i]), " ", 7)
	switch {
	case f[0] == "settled":
		for _, s := range strings.Fields(string(line[:i]))[1:] {
			id, _ := strconv.ParseInt(s, 10, 64)
			delete(l.entries, id)
		}
		return true
	case f[0] == "begin" && len(f) == 4:
		e := &entry{}
		e.ID, _ = strconv.ParseInt(f[1], 10, 64)
		e.Attempts, _ = strconv.Atoi(f[2])
		e.MessageID = f[3]
		l.entries[e.ID] = e
		return true
	case f[0] == "end" && len(f) == 7:
		id, _ := strconv.ParseInt(f[1], 10, 64)
		e := l.entries[id]
		if e == nil {
			return true // its beginning is damaged
		}
		e.ended, e.State = true, mailer.State(f[2])
		e.Attempts, _ = strconv.Atoi(f[3])
		e.NextAt, e.Settled = instant(f[4]), instant(f[5])
		text, err := strconv.Unquote(f[6])
		if e.Error = text; e.State == mailer.Accepted {
			e.Error, e.Reply = "", text
		}
		return err == nil
	}
	return false
}

// instant reads milliseconds; 0 is the zero time.
func instant(s string) time.Time {
	ms, _ := strconv.ParseInt(s, 10, 64)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func checksum(line []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(line)) }

// begin notes that the end of a message is about to be sent. It has to be
// noted before.
func (j *Journal) begin(d mailer.Delivery) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.line = append(j.line[:0], "begin "...)
	j.line = strconv.AppendInt(j.line, d.ID, 10)
	j.line = append(j.line, ' ')
	j.line = strconv.AppendInt(j.line, int64(d.Attempts), 10)
	j.line = append(append(j.line, ' '), strings.Join(strings.Fields(d.MessageID), "")...)
	at, err := j.write()
	if err == nil {
		j.open[d.ID] = noted{begin: at}
	}
	return err
}

// end notes what became of a message that was begun.
func (j *Journal) end(d mailer.Delivery) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	n, begun := j.open[d.ID]
	if !begun {
		return nil
	}
	text := d.Error
	if d.State == mailer.Accepted {
		text = d.Reply
	}
	j.line = append(j.line[:0], "end "...)
	j.line = strconv.AppendInt(j.line, d.ID, 10)
	j.line = append(append(append(j.line, ' '), d.State...), ' ')
	j.line = strconv.AppendInt(j.line, int64(d.Attempts), 10)
	j.line = append(j.line, ' ')
	j.line = strconv.AppendInt(j.line, millis(d.NextAt), 10)
	j.line = append(j.line, ' ')
	j.line = strconv.AppendInt(j.line, millis(d.Settled), 10)
	j.line = strconv.AppendQuote(append(j.line, ' '), text[:min(len(text), maxJournalText)])
	var err error
	n.end, err = j.write()
	n.ended = true
	j.open[d.ID] = n
	return err
}

// settled notes that the database has what became of deliveries.
func (j *Journal) settled(ds []mailer.Delivery) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.line = append(j.line[:0], "settled"...)
	known := false
	for i := range ds {
		if !j.open[ds[i].ID].ended {
			continue
		}
		known = true
		delete(j.open, ds[i].ID)
		j.line = strconv.AppendInt(append(j.line, ' '), ds[i].ID, 10)
	}
	switch {
	case !known:
		return nil
	case len(j.open) == 0 && j.file.size > compactAt/8, j.file.size > compactAt:
		return j.compact()
	}
	_, err := j.write()
	return err
}

// write adds the line with its checksum and returns where it stands.
func (j *Journal) write() (line, error) {
	if j.name == "" {
		return line{}, errors.New("journal of deliveries: it is not open")
	}
	sum := crc32.ChecksumIEEE(j.line)
	j.line = append(j.line, ' ')
	for shift := 28; shift >= 0; shift -= 4 {
		j.line = append(j.line, "0123456789abcdef"[sum>>shift&15])
	}
	j.line = append(j.line, '\n')
	from := j.file.size
	if err := j.file.append(j.line); err != nil {
		return line{}, fmt.Errorf("journal of deliveries %s: %w; nothing is sent that it cannot note", j.name, plainPath(err))
	}
	return line{from, j.file.size}, nil
}

// compact replaces the file by one that has only what is not settled.
func (j *Journal) compact() error {
	text := fmt.Appendf(nil, "%s %s %s\n", journalMark, j.Database, j.owner)
	open := make(map[int64]noted, len(j.open))
	move := func(l line) line {
		from := len(text)
		text = append(text, j.file.data[l.from:l.to]...)
		return line{from, len(text)}
	}
	var fresh *mapped
	err := guard(func() {
		for id, n := range j.open {
			open[id] = noted{begin: move(n.begin), end: move(n.end), ended: n.ended}
		}
	})
	if err == nil {
		fresh, err = replace(j.name, text)
	}
	if err != nil {
		return fmt.Errorf("journal of deliveries %s: %w", j.name, plainPath(err))
	}
	_ = j.file.close() // the old one, which nobody can find any more
	j.file, j.open = fresh, open
	return nil
}

// replace puts a file with a text, locked and mapped, in the place of another.
func replace(name string, text []byte) (*mapped, error) {
	file, err := lockedFile(name + ".new")
	if err != nil {
		return nil, err
	}
	m := &mapped{file: file}
	if err = file.Truncate(0); err == nil { // it may be what a killed process had begun
		err = m.append(text)
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		_ = m.close()
		return nil, err
	}
	return m, nil
}

// owe keeps outcomes that the database would not take, for a later try. Those
// of messages that had begun stand in the file too.
func (j *Journal) owe(ds []mailer.Delivery) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.owed = append(j.owed, ds...)
}

// owing returns what the database would not take, and forgets it.
func (j *Journal) owing() []mailer.Delivery {
	j.mu.Lock()
	defer j.mu.Unlock()
	ds := j.owed
	j.owed = nil
	return ds
}

// release lets go of what start returned.
func release(left []*leftover) {
	for _, l := range left {
		_ = l.file.Close()
	}
}
