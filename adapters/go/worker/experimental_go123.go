//go:build go1.23 && !go1.25

package main

// experimental writes an experimental event. These releases do not name the experiment, but
// know only this one. Its batches hang on the event; they are not reported.
func (f *form) experimental(e *Event) {
	x := e.Experimental()
	f.string(x.Name)
	f.string("AllocFree")
	f.uint(uint64(len(x.ArgNames)))
	for i, name := range x.ArgNames {
		f.string(name)
		f.uint(x.Args[i])
	}
}
