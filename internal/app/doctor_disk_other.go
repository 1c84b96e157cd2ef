//go:build !linux && !darwin && !freebsd

package app

// freeBytes returns false: the standard library does not ask this system.
func freeBytes(string) (int64, bool) { return 0, false }
