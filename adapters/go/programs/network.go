package main

import (
	"io"
	"net"
	"sync"
	"time"
)

func init() {
	workloads["network"] = workload{round: network}
}

// network echoes over loopback connections: the poller parks and wakes goroutines.
func network() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := net.Dial("tcp", listener.Addr().String())
			must(err)
			message := make([]byte, 256)
			for j := 0; j < 50; j++ {
				must(c.SetDeadline(time.Now().Add(10 * time.Second)))
				_, err = c.Write(message)
				must(err)
				_, err = io.ReadFull(c, message)
				must(err)
			}
			must(c.Close())
		}()
	}
	wg.Wait()
	must(listener.Close())
}
