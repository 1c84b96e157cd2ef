package deliver

import (
	"errors"
	"io"
	"os"
	"runtime/debug"
	"syscall"
)

// A mapped is a file that grows at its end and whose pages the process shares
// with the system: what is appended is in the file without a call, and stays
// there when the process is killed at the next instruction. Room is made ahead
// with zeros, so that a full disk shows when there is still time to stop. It is
// for one goroutine at a time.
type mapped struct {
	file *os.File
	data []byte // the file with its room
	size int    // bytes that are not room
}

// room is how far ahead the file is made, in bytes: a multiple of every page
// size there is.
const room = 1 << 20

// errGone says that the pages of the file cannot be written any more.
var errGone = errors.New("the file is not what it was: it was cut short, or its disk has failed")

// append adds text to the file, all of it or nothing.
func (m *mapped) append(text []byte) error {
	if m.size+len(text) > len(m.data) {
		if err := m.grow(m.size + len(text)); err != nil {
			return err
		}
	}
	if err := guard(func() { copy(m.data[m.size:], text) }); err != nil {
		return err
	}
	m.size += len(text)
	return nil
}

// guard does what reads or writes mapped pages. That they are not there ends a
// program otherwise.
func guard(do func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			err = errGone
		default:
			panic(fault)
		}
	}()
	do()
	return nil
}

// grow makes room for size bytes and more.
func (m *mapped) grow(size int) error {
	have := len(m.data)
	want := (size/room + 1) * room
	if _, err := io.CopyN(io.NewOffsetWriter(m.file, int64(have)), zeros{}, int64(want-have)); err != nil {
		return errors.Join(err, m.file.Truncate(int64(have)))
	}
	data, err := syscall.Mmap(int(m.file.Fd()), 0, want, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED) //nolint:gosec // a descriptor is small
	if err != nil {
		return os.NewSyscallError("mmap", err) // what there is stays mapped
	}
	m.unmap()
	m.data = data
	return nil
}

func (m *mapped) unmap() {
	if m.data != nil {
		_ = syscall.Munmap(m.data) // it is one of ours
		m.data = nil
	}
}

// trim takes the room away.
func (m *mapped) trim() error { return m.file.Truncate(int64(m.size)) }

// close gives the file up.
func (m *mapped) close() error {
	m.unmap()
	return m.file.Close()
}

// zeros is a reader of nothing else.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
