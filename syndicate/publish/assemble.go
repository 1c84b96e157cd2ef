package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"slices"

	"github.com/gorilla/feeds"

	"broadsheet/syndicate"
)

// assemble writes head, a document without entries that ends with closing, and
// n entries into it, each after indent. It tells where they stand.
func assemble(head feeds.XmlFeed, closing, indent string, n int, entry func(i int) any) ([]byte, []syndicate.DocumentEntry, error) {
	var b bytes.Buffer
	if err := feeds.WriteXML(head, &b); err != nil {
		return nil, nil, err
	}
	before, ok := bytes.CutSuffix(b.Bytes(), []byte(closing))
	if !ok {
		return nil, nil, fmt.Errorf("the document does not end with %q", closing)
	}
	b.Truncate(len(before))
	e := xml.NewEncoder(&b)
	e.Indent(indent, "  ")
	entries := make([]syndicate.DocumentEntry, n)
	for i := range entries {
		entries[i].Start = b.Len()
		if i == 0 {
			b.WriteByte('\n') // the encoder writes one before each that follows
		}
		if err := e.Encode(entry(i)); err != nil {
			return nil, nil, err
		}
		entries[i].End = b.Len()
		sum := sha256.Sum256(b.Bytes()[entries[i].Start:])
		entries[i].Sum = binary.BigEndian.Uint64(sum[:])
	}
	b.WriteString(closing)
	return slices.Clip(b.Bytes()), entries, nil
}
