//go:build go1.25

package main

const reportsWhat = "times ties stacks transition-stacks reasons sync-numbers clock-snapshots experimental-batches"

func (f *form) sync(e *Event) {
	s := e.Sync()
	f.uint(uint64(s.N))
	if c := s.ClockSnapshot; c != nil {
		f.bytes = append(f.bytes, 1)
		f.int(int64(c.Trace))
		f.uint(c.Mono)
		f.int(c.Wall.Unix())
		f.uint(uint64(c.Wall.Nanosecond()))
	} else {
		f.bytes = append(f.bytes, 0)
	}
	var all []experiment
	for name, batches := range s.ExperimentalBatches {
		x := experiment{name: name}
		for _, b := range batches {
			x.batches = append(x.batches, expBatch{int64(b.Thread), b.Data})
		}
		all = append(all, x)
	}
	f.experiments(all)
}

func (f *form) experimental(e *Event) {
	x := e.Experimental()
	f.string(x.Name)
	f.string(x.Experiment)
	f.uint(uint64(len(x.Args)))
	for i, name := range x.Args {
		f.string(name)
		f.uint(x.ArgValue(i).Uint64())
	}
}
