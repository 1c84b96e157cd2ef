//go:build linux || darwin || freebsd

package app

import "syscall"

// freeBytes returns how many bytes may still be written below a folder, and
// false when the system does not tell.
func freeBytes(dir string) (int64, bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:unconvert,gosec // the types differ between systems
}
