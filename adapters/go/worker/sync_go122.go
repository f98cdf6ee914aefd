//go:build !go1.25

package main

// sync writes what releases before 1.25 tell of a Sync event: that it is there.
func (f *form) sync(e *Event) {
	f.uint(0)
	f.bytes = append(f.bytes, 0)
	f.uint(0)
}
