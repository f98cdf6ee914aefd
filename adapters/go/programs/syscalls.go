package main

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

func init() {
	workloads["files"] = workload{round: files}
	workloads["blocking-syscalls"] = workload{round: blockingSyscalls}
	workloads["processes"] = workload{round: processes}
}

// files makes many short system calls from several goroutines.
func files() {
	var wg sync.WaitGroup
	for range [8]struct{}{} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f, err := os.CreateTemp("", "tracehound")
			must(err)
			defer os.Remove(f.Name())
			block := make([]byte, 512)
			for i := 0; i < 100; i++ {
				_, err = f.WriteAt(block, int64(i)*512)
				must(err)
				_, err = f.ReadAt(block, int64(i)*256)
				must(err)
			}
			must(f.Close())
		}()
	}
	wg.Wait()
}

// blockingSyscalls sleeps in system calls for so long that Ps are taken away, while others
// want to run.
func blockingSyscalls() {
	var wg sync.WaitGroup
	for i := 0; i < 12; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 8; j++ {
				span := syscall.NsecToTimespec(int64(time.Duration(50+300*(j%4)) * time.Microsecond))
				syscall.Nanosleep(&span, nil)
				busy(100 * time.Microsecond)
			}
		}()
	}
	wg.Add(2)
	read, write, err := os.Pipe()
	must(err)
	go func() {
		defer wg.Done()
		_, err := io.Copy(io.Discard, read)
		must(err)
		must(read.Close())
	}()
	go func() {
		defer wg.Done()
		for i := 0; i < 200; i++ {
			_, err := write.Write([]byte("over the pipe"))
			must(err)
		}
		must(write.Close())
	}()
	wg.Wait()
}

// processes starts children: fork holds all Ps' attention for a moment.
func processes() {
	self, err := os.Executable()
	must(err)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := exec.Command(self, "-list").Output()
			must(err)
		}()
	}
	wg.Wait()
}
