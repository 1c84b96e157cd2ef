package submit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"broadsheet/mailer"
)

// A directory is the transport that writes one .eml file a message.
//
// The name of the file comes from the Message-ID, and a file that is there is
// never replaced. So a message that is handed over again after a crash is
// recognised and stays the one it was.
type directory struct {
	path string
	keys signers

	variants variants

	mu sync.Mutex // one writer at a time
}

// Send writes m and returns the file's name once it is on disk for good.
func (d *directory) Send(ctx context.Context, m mailer.Message) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &mailer.SendError{Fault: mailer.ConnectionFault, Err: err}
	}
	data, err := d.keys.message(d.variants.get(m.Body), &m, false)
	if err != nil {
		return "", asSendError(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	name := filepath.Join(d.path, fileName(m.ID))
	if _, err := os.Lstat(name); err == nil {
		return name + " (was there already)", nil
	}
	if err := d.write(name, data); err != nil {
		return "", fileFault(d.path, err)
	}
	return name, nil
}

// Work writes the messages of q.
func (d *directory) Work(ctx context.Context, q Queue) error { return work(ctx, q, d.Send) }

// Close does nothing: a directory holds nothing open.
func (d *directory) Close() error { return nil }

// write puts a whole file in place or none.
func (d *directory) write(name string, data []byte) error {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	part := filepath.Join(d.path, "."+filepath.Base(name)+".part")
	err := writeSynced(part, data)
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, removeIfThere(part))
	}
	return syncDir(d.path)
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// syncDir makes a renaming in a folder last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) { // a file system that cannot
		err = nil
	}
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// fileName returns the name of the file for a Message-ID. Ids that are not
// plain enough for a name get a hash, so that no two share one.
func fileName(id string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_', r == '@':
			return r
		}
		return '_'
	}, id)
	if plain != id || strings.HasPrefix(id, ".") || len(id) > 120 {
		sum := sha256.Sum256([]byte(id))
		plain = strings.TrimLeft(plain[:min(len(plain), 80)], ".") + "-" + hex.EncodeToString(sum[:8])
	}
	return plain + ".eml"
}

// fileFault blames a failed write. A full disk is told in plain words.
func fileFault(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &mailer.SendError{
			Fault: mailer.TemporaryFault,
			Err:   fmt.Errorf("folder %s: the disk is full; make room, the mail is tried again: %w", dir, err),
		}
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("folder %s: not allowed to write there; change its owner or mail.directory: %w", dir, err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		err = fmt.Errorf("folder %s: is no folder; change mail.directory: %w", dir, err)
	default:
		err = fmt.Errorf("folder %s: %w", dir, err)
	}
	return &mailer.SendError{Fault: mailer.ConnectionFault, Err: err}
}

// asSendError returns err as a *mailer.SendError; what is none yet is a
// mistake in the message.
func asSendError(err error) error {
	var se *mailer.SendError
	if errors.As(err, &se) {
		return se
	}
	return &mailer.SendError{Fault: mailer.PermanentFault, Err: err}
}
