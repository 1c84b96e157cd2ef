package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/klauspost/compress/zstd"

	"broadsheet/syndicate"
)

const (
	// keptAnswers is how many answers are kept of each source.
	keptAnswers = 5
	// maxAnswer bounds what an answer may inflate to, in bytes. It is more than
	// may be fetched.
	maxAnswer = 32 << 20
)

// number writes n as a placeholder has it.
func number(n int) string { return strconv.Itoa(n) }

// A zipper compresses. What it needs for that is made once, when it is needed.
type zipper struct {
	once sync.Once
	w    *zstd.Encoder
	err  error
}

func (z *zipper) compress(body []byte) ([]byte, error) {
	z.once.Do(func() {
		z.w, z.err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
	})
	if z.err != nil {
		return nil, z.err
	}
	return z.w.EncodeAll(body, nil), nil
}

// packAnswer returns a as a row of answers, nil for nil.
func (s *Store) packAnswer(a *syndicate.Answer) ([]any, error) {
	if a == nil {
		return nil, nil
	}
	header, err := json.Marshal(a.Header)
	if err != nil {
		return nil, err
	}
	body, err := s.zip.compress(a.Body)
	if err != nil {
		return nil, err
	}
	return []any{
		a.Source, a.At.UnixMilli(), a.Status, text(a.URL), header, body, a.Articles, a.New, text(a.Fault),
	}, nil
}

// saveAnswer stores a row of packAnswer and drops what is too old.
func saveAnswer(ctx context.Context, tx *sql.Tx, row []any) error {
	if row == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO answers (source, at, status, url, header, body, articles, new, fault)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, row...)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM answers
		WHERE source = $1 AND id <= (SELECT id FROM answers WHERE source = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`,
		row[0], keptAnswers)
	return err
}

// Answers returns the last answers that brought a document of a source, the
// last one first.
func (s *Store) Answers(ctx context.Context, source string) ([]syndicate.Answer, error) {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxAnswer))
	if err != nil {
		return nil, err
	}
	defer unzip.Close()
	answers, err := query(ctx, s.read, func(r scanner) (a syndicate.Answer, err error) {
		var header, body []byte
		if err := r.Scan(&a.Source, moment{&a.At}, &a.Status, &a.URL, &header, &body, &a.Articles, &a.New, &a.Fault); err != nil {
			return a, err
		}
		if err := json.Unmarshal(header, &a.Header); err != nil {
			return a, fmt.Errorf("header of the answer of %s: %w", a.At, err)
		}
		if a.Body, err = unzip.DecodeAll(body, nil); err != nil {
			return a, fmt.Errorf("body of the answer of %s: %w", a.At, err)
		}
		return a, nil
	}, `
		SELECT source, at, status, url, header, body, articles, new, fault
		FROM answers
		WHERE source = $1
		ORDER BY id DESC`, source)
	return answers, s.failed("read the answers of "+source, err)
}
