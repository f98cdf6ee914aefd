//go:build go1.23

package main

import (
	"iter"
	"sync"
)

func init() {
	workloads["coroutines"] = workload{round: coroutines}
}

// coroutines switches directly between goroutines by iter.Pull, and leaves some unfinished.
func coroutines() {
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			next, stop := iter.Pull(numbers(100))
			defer stop()
			for {
				n, more := next()
				if !more || i%2 == 0 && n == 40 {
					return
				}
				inner, stopInner := iter.Pull2(pairs(n % 5))
				inner()
				stopInner()
			}
		}()
	}
	wg.Wait()
}

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func pairs(n int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i, n-i) {
				return
			}
		}
	}
}
