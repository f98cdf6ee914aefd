package main

import (
	"runtime"
	"runtime/debug"
	"sync"
)

func init() {
	workloads["gc"] = workload{round: gc}
	workloads["alloc"] = workload{round: alloc}
}

// node makes the marker walk.
type node struct {
	left, right *node
	payload     [48]byte
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

// gc allocates against a small goal, so that goroutines assist, sweep and stop the world.
func gc() {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			keep := tree(12)
			for j := 0; j < 8; j++ {
				runtime.KeepAlive(tree(11))
			}
			runtime.KeepAlive(keep)
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		var stats runtime.MemStats
		for i := 0; i < 3; i++ {
			runtime.GC()
			runtime.ReadMemStats(&stats)
		}
		debug.FreeOSMemory()
	}()
	wg.Wait()
}

// alloc makes a few objects of many sizes and starts goroutines whose stacks grow: what the
// allocation experiment reports.
func alloc() {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var kept [][]byte
			for size := 8; size < 1<<17; size += size/2 + 8 {
				kept = append(kept, make([]byte, size))
			}
			runtime.KeepAlive(kept)
			deep(200)
		}()
	}
	wg.Wait()
	runtime.GC()
}

func deep(n int) int {
	var room [256]byte
	if n == 0 {
		return len(room)
	}
	room[n%256] = byte(n)
	return deep(n-1) + int(room[0])
}
