package submit

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"broadsheet/mailer"
)

// A full disk cannot be had in a test without being root, so this one looks
// inside.
func TestFullDiskIsTemporary(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		err := fileFault("outbox", &fs.PathError{Op: "write", Path: "outbox/.a.part", Err: errno})
		var se *mailer.SendError
		if !errors.As(err, &se) || se.Fault != mailer.TemporaryFault {
			t.Errorf("%v is %v, want a temporary fault", errno, err)
		}
		if !strings.HasPrefix(err.Error(), "folder outbox: the disk is full; make room, the mail is tried again: ") {
			t.Errorf("%v: %v", errno, err)
		}
	}
}
