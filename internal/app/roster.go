package app

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"broadsheet/mailer"
)

// rosterColumns are the columns of a list of subscribers, in the order in
// which they are written.
var rosterColumns = []string{"email", "name", "digests", "themes", "query", "frequency", "hour", "timezone", "language", "format", "status", "pause_until"}

// maxRosterLine bounds a line of a list of subscribers, in bytes.
const maxRosterLine = 64 << 10

// A roster reads a list, a line at a time: CSV with a head line,
// or JSON Lines. Each line stands for itself, so that a broken one costs no
// other: quoted line ends are not taken.
type roster struct {
	lines *bufio.Reader
	line  int
	head  []string // nil for JSON Lines
	comma rune

	columns []string // there may be
	keys    []string // one of which there must be
	what    string   // a line stands for
	plain   bool     // without a head line the lines hold one key each
	first   string   // of such a list
}

// newRoster reads as far as the first line that says something. A first line
// that begins with a brace is JSON Lines. The error is the whole list's.
func newRoster(r io.Reader) (*roster, error) {
	return openRoster(r, &roster{columns: rosterColumns, keys: []string{"email"}, what: "subscriber"})
}

func openRoster(r io.Reader, l *roster) (*roster, error) {
	l.lines = bufio.NewReaderSize(r, maxRosterLine)
	if bom, err := l.lines.Peek(3); err == nil && string(bom) == "\xef\xbb\xbf" {
		_, _ = l.lines.Discard(3) // they are in the buffer
	}
	for {
		first, err := l.lines.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("the list is empty; its first line names the columns, %s among them", l.keys[0])
		case err != nil:
			return nil, err
		case first[0] == '{':
			return l, nil
		}
		text, fault, err := l.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if fault != "" {
			return nil, errors.New("the head line: " + fault)
		}
		if strings.TrimSpace(text) != "" {
			return l, l.readHead(text)
		}
	}
}

func (l *roster) readHead(text string) error {
	l.comma = ','
	if bare := strings.TrimSpace(text); l.plain && (strings.Contains(bare, "@") || hashPattern.MatchString(bare)) {
		l.first, l.head = text, l.keys[:1]
		return nil
	}
	if !strings.Contains(text, ",") {
		for _, c := range ";\t" { // as spreadsheets write it in some countries
			if strings.ContainsRune(text, c) {
				l.comma = c
			}
		}
	}
	head, err := l.split(text)
	if err != nil {
		return fmt.Errorf("the head line: %w", err)
	}
	for i, c := range head {
		head[i] = strings.ToLower(strings.TrimSpace(c))
		switch {
		case !slices.Contains(l.columns, head[i]):
			return fmt.Errorf("the head line: there is no column %q; use %s", c, strings.Join(l.columns, ", "))
		case slices.Contains(head[:i], head[i]):
			return fmt.Errorf("the head line names %s twice; take one out", head[i])
		}
	}
	if !slices.ContainsFunc(l.keys, func(k string) bool { return slices.Contains(head, k) }) {
		return fmt.Errorf("the head line names no column %s; the first line of CSV says which column is which", strings.Join(l.keys, " or "))
	}
	l.head = head
	return nil
}

// next returns the next line without its end. What is wrong with it as a line
// is a fault.
func (l *roster) next() (text, fault string, err error) {
	if l.first != "" {
		text, l.first = l.first, ""
		return text, "", nil
	}
	raw, err := l.lines.ReadSlice('\n')
	l.line++
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.lines.ReadSlice('\n')
		}
		return "", fmt.Sprintf("the line is longer than %d KB; leave out what is no %s", maxRosterLine>>10, l.what), err
	}
	if err != nil && len(raw) == 0 {
		return "", "", err
	}
	if errors.Is(err, io.EOF) {
		err = nil // the last line has no end
	}
	raw = bytes.TrimRight(raw, "\r\n")
	if !utf8.Valid(raw) {
		return "", "the text is not UTF-8; save the list as UTF-8", err
	}
	return string(raw), "", err
}

func (l *roster) split(text string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = l.comma, -1
	fields, err := r.Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return nil, fmt.Errorf("column %d: %w; put fields with quotes into quotes and double those inside", parse.Column, parse.Err)
	}
	return fields, err
}

// A rosterRow is a line of a list by column.
type rosterRow map[string]string

// row returns the next line that is not blank. At the end the error is io.EOF.
func (l *roster) row() (row rosterRow, fault string, err error) {
	for {
		text, fault, err := l.next()
		if err != nil || fault != "" {
			return nil, fault, err
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if l.head == nil {
			row, fault = jsonRow(text, l.columns)
			return row, fault, nil
		}
		fields, err := l.split(text)
		switch {
		case err != nil:
			return nil, err.Error(), nil //nolint:nilerr // it is the line's fault alone
		case len(fields) > len(l.head):
			return nil, fmt.Sprintf("it has %d fields, and the head line %d; put fields with a comma into quotes", len(fields), len(l.head)), nil
		}
		row = rosterRow{}
		for i, f := range fields {
			row[l.head[i]] = strings.TrimSpace(f)
		}
		return row, "", nil
	}
}

// jsonRow reads an object. Lists may be lists of strings, or one string as in
// CSV, and the hour may be a number.
func jsonRow(text string, columns []string) (row rosterRow, fault string) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, fmt.Sprintf("this is no JSON object: %v; write it as in {\"email\":\"reader@example.com\"}", err)
	}
	row = rosterRow{}
	for k, v := range fields {
		if !slices.Contains(columns, k) {
			return nil, fmt.Sprintf("there is no field %q; use %s", k, strings.Join(columns, ", "))
		}
		switch v := v.(type) {
		case nil:
		case string:
			row[k] = strings.TrimSpace(v)
		case []any:
			for i, x := range v {
				s, ok := x.(string)
				if !ok {
					return nil, fmt.Sprintf("%s[%d] is no text; put it into quotes", k, i)
				}
				row[k] += " " + s
			}
			row[k] = strings.TrimSpace(row[k])
		case float64:
			if k != "hour" {
				return nil, k + " is no text; put it into quotes"
			}
			row[k] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			return nil, fmt.Sprintf("%s is no text; put it into quotes", k)
		}
	}
	return row, ""
}

// subscriber makes a subscriber of a row. The faults are those that no
// configuration is needed for.
func (row rosterRow) subscriber() (mailer.Subscriber, error) {
	s := mailer.Subscriber{
		Email: row["email"], Name: row["name"], Digests: strings.Fields(row["digests"]), Status: mailer.Status(row["status"]),
		PausedUntil: row["pause_until"],
		Selection: mailer.Selection{
			Themes: strings.Fields(row["themes"]), Query: row["query"], Language: row["language"], Format: mailer.Format(row["format"]),
		},
		Rhythm: mailer.Rhythm{Frequency: mailer.Frequency(row["frequency"]), Timezone: row["timezone"]},
	}
	var err error
	s.Hour, err = mailer.ParseHour(row["hour"])
	s.Tidy()
	return s, err
}

// each gives every good row to add, and has flush store what was added: after
// each batch and at the end, also at one that an error brings. A row that add
// refuses is reported with those that cannot be read; bad is how many.
func (l *roster) each(add func(rosterRow) error, flush func() error, report func(line int, fault string)) (bad int, err error) {
	added := 0
	for {
		row, fault, err := l.row()
		switch {
		case errors.Is(err, io.EOF):
			return bad, flush()
		case err != nil:
			return bad, errors.Join(err, flush())
		}
		if fault == "" {
			if err := add(row); err != nil {
				fault = strings.ReplaceAll(err.Error(), "\n", ". ")
			} else {
				added++
			}
		}
		if fault != "" {
			bad++
			report(l.line, fault)
		}
		if added == importBatch {
			if err := flush(); err != nil {
				return bad, err
			}
			added = 0
		}
	}
}

// writeCSV returns a function that writes subscribers as CSV, and writes the
// head line.
func writeCSV(w io.Writer) (func(mailer.Subscriber) error, error) {
	out := csv.NewWriter(w)
	if err := out.Write(rosterColumns); err != nil {
		return nil, err
	}
	out.Flush()
	return func(s mailer.Subscriber) error {
		row := rosterOf(s)
		fields := make([]string, len(rosterColumns))
		for i, c := range rosterColumns {
			fields[i] = row[c]
		}
		if err := out.Write(fields); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	}, out.Error()
}

// writeJSONLines returns a function that writes subscribers as JSON Lines.
func writeJSONLines(w io.Writer) func(mailer.Subscriber) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return func(s mailer.Subscriber) error {
		row := rosterOf(s)
		for c, v := range row {
			if v == "" {
				delete(row, c)
			}
		}
		return enc.Encode(row)
	}
}

// rosterOf is the row that reads as s.
func rosterOf(s mailer.Subscriber) rosterRow {
	return rosterRow{
		"email": s.Email, "name": s.Name, "digests": strings.Join(s.Digests, " "), "themes": strings.Join(s.Themes, " "),
		"query": s.Query, "language": s.Language, "format": string(s.Format), "status": string(s.Status),
		"frequency": string(s.Frequency), "hour": s.Hour.Word(), "timezone": s.Timezone, "pause_until": s.PausedUntil,
	}
}
